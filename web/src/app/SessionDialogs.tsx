import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import type { SecondFactorNeeded } from '@/api/types';
import { isWaiting } from '@/features/auth/secondFactor';
import { SecondStep } from '@/features/auth/SecondStep';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { ErrorNote } from '@/shared/states';
import { forgetUploads, meQuery, rememberSignedIn } from './session';

/** Asks whether somebody is still there before the session ends. */
export function IdleWarning({ time, onStay }: { time: string; onStay: () => void }) {
  const t = useT();
  return (
    <Dialog opened onClose={onStay} title={t('session.warning')} centered>
      <Stack>
        <Text>{t('session.warning.text', { time })}</Text>
        <Button data-autofocus onClick={onStay}>
          {t('session.stay')}
        </Button>
      </Stack>
    </Dialog>
  );
}

/** Signs in again over the page that is open, so that the work on it is kept. */
export function SignInAgain({ email, onDone }: { email: string; onDone: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [needed, setNeeded] = useState<SecondFactorNeeded | null>(null);

  const done = async () => {
    await client.refetchQueries({ queryKey: meQuery.queryKey });
    void client.invalidateQueries();
    onDone();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const answer = await take(api.POST('/api/auth/login', { body: { email, password } }));
      if (isWaiting(answer)) setNeeded(answer);
      else await done();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  if (needed) {
    return (
      <Dialog opened onClose={() => undefined} withCloseButton={false} title={t('auth.again')} centered>
        <SecondStep needed={needed} onDone={() => void done()} onOver={() => setNeeded(null)} />
      </Dialog>
    );
  }
  return (
    <Dialog opened onClose={() => undefined} withCloseButton={false} title={t('auth.again')} centered>
      <form onSubmit={submit}>
        <Stack>
          <Text>{t('auth.again.text')}</Text>
          <Text fw={600}>{email}</Text>
          <input type="hidden" name="username" autoComplete="username" value={email} />
          <PasswordInput
            label={t('auth.password')}
            autoComplete="current-password"
            data-autofocus
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('auth.showPassword') }}
          />
          {error ? <ErrorNote error={error} /> : null}
          <Group justify="space-between">
            <Button
              variant="default"
              onClick={() => {
                rememberSignedIn(false);
                forgetUploads();
                location.assign('/signin');
              }}
            >
              {t('auth.again.other')}
            </Button>
            <Button type="submit" loading={busy}>
              {t('auth.signIn')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
