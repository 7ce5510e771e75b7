import { Button, Code, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useT } from '@/i18n';
import { CodeInput } from './CodeInput';
import { QrCode } from './QrCode';
import { ErrorNote } from './states';

export interface Setup {
  secret: string;
  uri: string;
  qr: string[];
}

/** What an authenticator needs, as a picture and as text, and the first code from it. */
export function TotpSetup({ setup, onCode }: { setup: Setup; onCode: (code: string) => Promise<void> }) {
  const t = useT();
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onCode(code);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text size="sm">{t('factor.scan')}</Text>
        <QrCode rows={setup.qr} label={t('factor.qr')} />
        <Text size="sm">
          {t('factor.secret')}{' '}
          <Code style={{ overflowWrap: 'anywhere' }}>{setup.secret.replace(/(.{4})(?=.)/g, '$1 ')}</Code>
        </Text>
        <CodeInput value={code} recovery={false} onChange={setCode} />
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" loading={busy}>
          {t('factor.confirm')}
        </Button>
      </Stack>
    </form>
  );
}
