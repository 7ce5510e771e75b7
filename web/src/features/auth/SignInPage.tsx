import { Button, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { api, take } from '@/api/client';
import type { SecondFactorNeeded } from '@/api/types';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { DemoAccounts } from './DemoAccounts';
import { isWaiting, SecondStepCard } from './secondFactor';
import { useEnter } from './useEnter';

// After the first load: a portal may offer none of them.
const OtherWays = lazy(() => import('./OtherWays').then((module) => ({ default: module.OtherWays })));

export function SignInPage() {
  const t = useT();
  const enter = useEnter();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [needed, setNeeded] = useState<SecondFactorNeeded | null>(null);

  const signIn = async (address: string, secret: string) => {
    setBusy(true);
    setError(null);
    try {
      const answer = await take(api.POST('/api/auth/login', { body: { email: address, password: secret } }));
      if (isWaiting(answer)) {
        setNeeded(answer);
        setBusy(false);
      } else {
        await enter();
      }
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signIn(email, password);
  };

  if (needed) return <SecondStepCard needed={needed} onOver={() => setNeeded(null)} />;
  return (
    <>
      <form className={classes.card} onSubmit={submit}>
        <Stack>
          <div>
            <Title order={1} fz={24}>
              {t('auth.signIn')}
            </Title>
            <Text c="dimmed">{t('auth.signIn.text')}</Text>
          </div>
          <TextInput
            label={t('auth.email')}
            type="email"
            name="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('auth.password')}
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('auth.showPassword') }}
          />
          {error ? <ErrorNote error={error} /> : null}
          <Button type="submit" size="md" loading={busy}>
            {t('auth.signIn')}
          </Button>
          <Suspense fallback={null}>
            <OtherWays />
          </Suspense>
          <Text size="sm">
            <Link to="/forgot">{t('forgot.title')}</Link>
          </Text>
          <Text size="sm">
            {t('auth.noAccount')} <Link to="/signup">{t('auth.signUp')}</Link>
          </Text>
          <Text size="sm">
            {t('auth.haveCode')} <Link to="/invitation">{t('invitation.title')}</Link>
          </Text>
        </Stack>
      </form>
      <DemoAccounts disabled={busy} onChoose={(address, secret) => void signIn(address, secret)} />
    </>
  );
}
