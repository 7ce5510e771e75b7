import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import type { SecondFactorNeeded } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { NewPassword } from '@/shared/NewPassword';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { isWaiting, SecondStepCard } from './secondFactor';
import { useEnter } from './useEnter';

interface Invited {
  name: string;
  email: string;
  expires_at: string;
}

/** Where a patient whom staff registered chooses a first password, with a code that was handed over. */
export function InvitationPage() {
  const t = useT();
  const fieldText = useFieldText();
  const formats = useFormats();
  const enter = useEnter();
  // What follows the # never leaves the browser; it is taken out of the address at once.
  const [code, setCode] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [invited, setInvited] = useState<Invited | null>(null);
  const [password, setPassword] = useState('');
  const navigate = useNavigate();
  const [needed, setNeeded] = useState<SecondFactorNeeded | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const look = () =>
    act(async () => setInvited(await take(api.POST('/api/auth/invitation', { body: { code: code.trim() } }))));
  const accept = () =>
    act(async () => {
      const answer = await take(api.POST('/api/auth/invitation/accept', { body: { code: code.trim(), password } }));
      if (isWaiting(answer)) setNeeded(answer);
      else await enter();
    });
  useEffect(() => {
    if (!code) return;
    history.replaceState(null, '', location.pathname);
    void look();
    // Once, with the code that the link brought.
  }, []);

  if (needed) return <SecondStepCard needed={needed} onOver={() => void navigate({ to: '/signin' })} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void (invited ? accept() : look());
  };
  return (
    <form className={classes.card} onSubmit={submit}>
      <Stack>
        <div>
          <Title order={1} fz={24}>
            {t('invitation.title')}
          </Title>
          <Text c="dimmed">{t(invited ? 'invitation.choose' : 'invitation.text')}</Text>
        </div>
        {invited ? (
          <>
            <dl className="facts">
              <dt>{t('auth.name')}</dt>
              <dd>{invited.name}</dd>
              <dt>{t('auth.email')}</dt>
              <dd>{invited.email}</dd>
              <dt>{t('invite.until')}</dt>
              <dd>{formats.dateTime(invited.expires_at)}</dd>
            </dl>
            <input type="hidden" name="username" autoComplete="username" value={invited.email} />
            <NewPassword
              label={t('auth.password')}
              name="password"
              autoFocus
              value={password}
              error={fieldText(problem, 'password')}
              onChange={setPassword}
            />
          </>
        ) : (
          <TextInput
            label={t('invite.code')}
            name="code"
            autoComplete="off"
            placeholder="XXXX-XXXX-XXXX-XXXX"
            required
            autoFocus
            maxLength={64}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        )}
        {problem?.code === 'not_found' ? (
          <Text role="alert" size="sm" c="var(--mantine-color-error)">
            {t('invitation.unknown')}
          </Text>
        ) : (
          problem && problem.errors.length === 0 && <ErrorNote error={problem} />
        )}
        <Button type="submit" size="md" loading={busy}>
          {t(invited ? 'invitation.enter' : 'invitation.go')}
        </Button>
        <Text size="sm">
          {t('auth.haveAccount')} <Link to="/signin">{t('auth.signIn')}</Link>
        </Text>
      </Stack>
    </form>
  );
}
