import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import { meQuery } from '@/app/session';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { useHashCode } from './useHashCode';

/** Where the owner of an address shows that mail arrives, with the code from it. A link is confirmed by a press, not by itself: programs that look through mail follow links. */
export function VerifyPage() {
  const t = useT();
  const client = useQueryClient();
  const [code, setCode] = useHashCode();
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await take(api.POST('/api/auth/address/verify', { body: { code: code.trim() } }));
      setDone(true);
      void client.invalidateQueries({ queryKey: meQuery.queryKey });
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
            {t('verify.title')}
          </Title>
          <Text c="dimmed">{t(done ? 'verify.done' : 'verify.text')}</Text>
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
            {problem?.code === 'not_found' ? (
              <Text role="alert" size="sm" c="var(--mantine-color-error)">
                {t('reset.unknown')}
              </Text>
            ) : (
              problem && <ErrorNote error={problem} />
            )}
            <Button type="submit" size="md" loading={busy}>
              {t('verify.go')}
            </Button>
          </>
        )}
        <Text size="sm">
          <Link to="/">{t('error.home')}</Link>
        </Text>
      </Stack>
    </form>
  );
}
