import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { factsQuery } from '@/shared/facts';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';

/** Where a code for a new password is asked for by mail; without mail it says who hands one over. */
export function ForgotPage() {
  const t = useT();
  const { data: facts } = useQuery(factsQuery);
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await take(api.POST('/api/auth/password/forgot', { body: { email } }));
      setSent(true);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <form className={classes.card} onSubmit={(event) => void submit(event)}>
      <Stack>
        <div>
          <Title order={1} fz={24}>
            {t('forgot.title')}
          </Title>
          <Text c="dimmed">{t(facts && !facts.sends_mail ? 'forgot.noMail' : 'forgot.text')}</Text>
        </div>
        {sent ? (
          <Text role="status">{t('forgot.sent')}</Text>
        ) : (
          facts?.sends_mail && (
            <>
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
              {error ? <ErrorNote error={error} /> : null}
              <Button type="submit" size="md" loading={busy}>
                {t('forgot.send')}
              </Button>
            </>
          )
        )}
        <Text size="sm">
          {t('auth.haveCode')} <Link to="/reset">{t('reset.title')}</Link>
        </Text>
        <Text size="sm">
          <Link to="/signin">{t('auth.signIn')}</Link>
        </Text>
      </Stack>
    </form>
  );
}
