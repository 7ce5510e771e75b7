import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api, onSessionLost, onSessionUsed, take } from '@/api/client';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import { countdown } from '@/shared/wait';
import { meQuery, rememberSignedIn, useMe } from './session';

/** Minutes before the end at which the user is asked. */
const WARNING_MINUTES = 2;

/** Warns before the session ends for want of use, and lets the user sign in again without leaving the page. */
export function SessionGuard() {
  const t = useT();
  const me = useMe();
  const client = useQueryClient();
  const idleMinutes = me.session_idle_minutes;
  const used = useRef(Date.now());
  const acted = useRef(Date.now());
  const [now, setNow] = useState(Date.now());
  const [over, setOver] = useState(false);

  useEffect(() => onSessionLost(() => setOver(true)), []);
  useEffect(
    () =>
      onSessionUsed(() => {
        used.current = Date.now();
      }),
    [],
  );
  useEffect(() => {
    const note = () => {
      acted.current = Date.now();
    };
    for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, note, { passive: true });
    const timer = setInterval(() => {
      const present = Date.now();
      setNow(present);
      // Somebody who reads and writes without asking the server for anything is not idle.
      const busy = acted.current > used.current && present - used.current > (idleMinutes * 60_000) / 4;
      if (busy) {
        used.current = present;
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
      }
    }, 5_000);
    return () => {
      for (const kind of ['pointerdown', 'keydown'] as const) removeEventListener(kind, note);
      clearInterval(timer);
    };
  }, [client, idleMinutes]);

  const end = Math.min(used.current + idleMinutes * 60_000, new Date(me.expires_at).getTime());
  const warn = !over && end - now < WARNING_MINUTES * 60_000;
  useEffect(() => {
    if (end <= now) setOver(true);
  }, [end, now]);

  if (over) {
    return (
      <SignInAgain
        email={me.user.email}
        onDone={() => {
          used.current = Date.now();
          setNow(Date.now());
          setOver(false);
        }}
      />
    );
  }
  return (
    <Modal
      opened={warn}
      onClose={() => void client.refetchQueries({ queryKey: meQuery.queryKey })}
      title={t('session.warning')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      lockScroll={false}
      centered
    >
      <Stack>
        <Text>{t('session.warning.text', { time: countdown(end, now) })}</Text>
        <Button data-autofocus onClick={() => void client.refetchQueries({ queryKey: meQuery.queryKey })}>
          {t('session.stay')}
        </Button>
      </Stack>
    </Modal>
  );
}

function SignInAgain({ email, onDone }: { email: string; onDone: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await take(api.POST('/api/auth/login', { body: { email, password } }));
      await client.refetchQueries({ queryKey: meQuery.queryKey });
      void client.invalidateQueries();
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} title={t('auth.again')} lockScroll={false} centered>
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
    </Modal>
  );
}
