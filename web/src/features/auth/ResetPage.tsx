import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import { useT } from '@/i18n';
import { NewPassword } from '@/shared/NewPassword';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { useHashCode } from './useHashCode';

/** Where a new password is chosen with a code that was mailed or handed over. */
export function ResetPage() {
  const t = useT();
  const fieldText = useFieldText();
  const [code, setCode] = useHashCode();
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await take(api.POST('/api/auth/password/reset', { body: { code: code.trim(), password } }));
      setDone(true);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <form className={classes.card} onSubmit={(event) => void submit(event)}>
      <Stack>
        <div>
          <Title order={1} fz={24}>
            {t('reset.title')}
          </Title>
          <Text c="dimmed">{t(done ? 'reset.done' : 'reset.text')}</Text>
        </div>
        {!done && (
          <>
            <TextInput
              label={t('invite.code')}
              name="code"
              autoComplete="off"
              placeholder="XXXX-XXXX-XXXX-XXXX"
              required
              maxLength={64}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
            <NewPassword
              label={t('profile.password.next')}
              name="password"
              autoFocus={code !== ''}
              value={password}
              error={fieldText(problem, 'password')}
              onChange={setPassword}
            />
            {problem?.code === 'not_found' ? (
              <Text role="alert" size="sm" c="var(--mantine-color-error)">
                {t('reset.unknown')}
              </Text>
            ) : (
              problem && problem.errors.length === 0 && <ErrorNote error={problem} />
            )}
            <Button type="submit" size="md" loading={busy}>
              {t('profile.password.change')}
            </Button>
          </>
        )}
        <Text size="sm">
          <Link to="/signin">{t('auth.signIn')}</Link>
        </Text>
      </Stack>
    </form>
  );
}
