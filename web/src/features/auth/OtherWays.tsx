import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { factsQuery } from '@/shared/facts';
import { PasskeyButton } from '@/shared/PasskeyButton';
import { signInWithPasskey } from '@/shared/passkeys';
import { ErrorNote } from '@/shared/states';
import { useEnter } from './useEnter';

/** Ways to sign in without a password of the portal. */
export function OtherWays() {
  const enter = useEnter();
  return (
    <Stack>
      <SingleSignOn />
      <PasskeyButton act={signInWithPasskey} onDone={() => void enter()} />
    </Stack>
  );
}

/** To the hospital's own sign-in, where the portal has one. */
function SingleSignOn() {
  const t = useT();
  const { data } = useQuery(factsQuery);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!data?.single_sign_on) return null;
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      const { address } = await take(api.POST('/api/auth/single-sign-on'));
      location.assign(address);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <>
      {error ? <ErrorNote error={error} /> : null}
      <Button variant="default" size="md" loading={busy} onClick={() => void go()}>
        {t('sso.signIn', { name: data.single_sign_on })}
      </Button>
    </>
  );
}
