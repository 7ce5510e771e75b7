import { Button, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { SecondFactorNeeded } from '@/api/types';
import { useT } from '@/i18n';
import { CodeInput } from '@/shared/CodeInput';
import { PasskeyButton } from '@/shared/PasskeyButton';
import { secondFactorByPasskey } from '@/shared/passkeys';
import { RecoveryCodes } from '@/shared/RecoveryCodes';
import { ErrorNote, Shown } from '@/shared/states';
import { TotpSetup } from '@/shared/TotpSetup';
import classes from './auth.module.css';
import { useEnter } from './useEnter';

/** The second step of a sign-in: the code of the second factor, which is set up first where it is missing. */
export function SecondStep({
  needed,
  onDone,
  onOver,
}: {
  needed: SecondFactorNeeded;
  onDone: () => void;
  onOver: () => void;
}) {
  const t = useT();
  const [recovery, setRecovery] = useState<string[]>([]);
  const send = async (code: string) => {
    const answer = await take(api.POST('/api/auth/login/second', { body: { challenge: needed.challenge, code } }));
    if (answer.recovery_codes?.length) setRecovery(answer.recovery_codes);
    else onDone();
  };
  if (recovery.length > 0) return <RecoveryCodes codes={recovery} onDone={onDone} />;
  return (
    <Stack>
      {needed.has_passkeys && (
        <PasskeyButton isFirst act={() => secondFactorByPasskey(needed.challenge)} onDone={onDone} />
      )}
      {needed.must_enrol ? <Enrol challenge={needed.challenge} onCode={send} /> : <AskCode onCode={send} />}
      <Button variant="subtle" size="xs" onClick={onOver}>
        {t('factor.startOver')}
      </Button>
    </Stack>
  );
}

/** The second step as a page of its own. */
export function SecondStepCard({ needed, onOver }: { needed: SecondFactorNeeded; onOver: () => void }) {
  const t = useT();
  const enter = useEnter();
  return (
    <div className={classes.card}>
      <Title order={1} fz={24} mb="md">
        {t('factor.title')}
      </Title>
      <SecondStep needed={needed} onDone={() => void enter()} onOver={onOver} />
    </div>
  );
}

function Enrol({ challenge, onCode }: { challenge: string; onCode: (code: string) => Promise<void> }) {
  const t = useT();
  const query = useQuery({
    queryKey: ['enrol', challenge],
    queryFn: () => take(api.POST('/api/auth/login/enrol', { body: { challenge } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
  return (
    <>
      <Text>{t('factor.mustEnrol')}</Text>
      <Shown query={query} rows={4}>
        {(setup) => <TotpSetup setup={setup} onCode={onCode} />}
      </Shown>
    </>
  );
}

function AskCode({ onCode }: { onCode: (code: string) => Promise<void> }) {
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
      if (asProblem(problem).code === 'wrong_code') setCode('');
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <CodeInput value={code} onChange={setCode} />
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" size="md" loading={busy}>
          {t('auth.signIn')}
        </Button>
      </Stack>
    </form>
  );
}
