import { Button } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { useT } from '@/i18n';
import { useHasPasskeys } from './passkeys';
import { ErrorNote } from './states';

/** A button that uses a passkey; nothing where there can be none. */
export function PasskeyButton({
  isFirst = false,
  act,
  onDone,
}: {
  isFirst?: boolean;
  act: () => Promise<void>;
  onDone: () => void;
}) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!useHasPasskeys()) return null;
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await act();
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <>
      {error ? <ErrorNote error={error} /> : null}
      <Button
        variant={isFirst ? 'filled' : 'default'}
        size="md"
        loading={busy}
        leftSection={<IconKey size={18} aria-hidden />}
        onClick={() => void go()}
      >
        {t('passkey.signIn')}
      </Button>
    </>
  );
}
