import { Button, Stack, Text, TextInput, Title } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import type { SecondFactorNeeded } from '@/api/types';
import { useT } from '@/i18n';
import { NewPassword } from '@/shared/NewPassword';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { isWaiting, SecondStepCard } from './secondFactor';
import { useEnter } from './useEnter';

const empty = { name: '', email: '', password: '', phone: '', date_of_birth: '' };

export function SignUpPage() {
  const t = useT();
  const fieldText = useFieldText();
  const enter = useEnter();
  const [values, setValues] = useState(empty);
  const navigate = useNavigate();
  const [needed, setNeeded] = useState<SecondFactorNeeded | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const bind = (name: keyof typeof empty) => ({
    name,
    value: values[name],
    error: fieldText(problem, name),
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setValues((old) => ({ ...old, [name]: value }));
    },
  });
  if (needed) return <SecondStepCard needed={needed} onOver={() => void navigate({ to: '/signin' })} />;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const answer = await take(
        api.POST('/api/auth/signup', {
          body: {
            name: values.name,
            email: values.email,
            password: values.password,
            phone: values.phone || null,
            date_of_birth: values.date_of_birth || null,
          },
        }),
      );
      if (isWaiting(answer)) setNeeded(answer);
      else await enter();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <form className={classes.card} onSubmit={(event) => void submit(event)}>
      <Stack>
        <div>
          <Title order={1} fz={24}>
            {t('auth.signUp')}
          </Title>
          <Text c="dimmed">{t('auth.signUp.text')}</Text>
        </div>
        <TextInput label={t('auth.name')} autoComplete="name" required autoFocus {...bind('name')} />
        <TextInput label={t('auth.email')} type="email" autoComplete="username" required {...bind('email')} />
        <NewPassword
          label={t('auth.password')}
          name="password"
          value={values.password}
          error={fieldText(problem, 'password')}
          onChange={(password) => setValues((old) => ({ ...old, password }))}
        />
        <TextInput
          label={`${t('auth.birthDate')} (${t('common.optional')})`}
          type="date"
          autoComplete="bday"
          {...bind('date_of_birth')}
        />
        <TextInput
          label={`${t('auth.phone')} (${t('common.optional')})`}
          type="tel"
          autoComplete="tel"
          {...bind('phone')}
        />
        {problem && problem.errors.length === 0 ? <ErrorNote error={problem} /> : null}
        <Button type="submit" size="md" loading={busy}>
          {t('auth.signUp')}
        </Button>
        <Text size="sm">
          {t('auth.haveAccount')} <Link to="/signin">{t('auth.signIn')}</Link>
        </Text>
      </Stack>
    </form>
  );
}
