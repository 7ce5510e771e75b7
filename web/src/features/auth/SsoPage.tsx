import { Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api, take } from '@/api/client';
import type { SecondFactorNeeded } from '@/api/types';
import { useT } from '@/i18n';
import { ErrorNote } from '@/shared/states';
import classes from './auth.module.css';
import { isWaiting, SecondStepCard } from './secondFactor';
import { useEnter } from './useEnter';

/** Where the provider of single sign-on sends people back to. What it brings is taken out of the address at once. */
export function SsoPage() {
  const t = useT();
  const enter = useEnter();
  const [back] = useState(() => new URLSearchParams(location.search));
  const sent = useRef(false);
  const [needed, setNeeded] = useState<SecondFactorNeeded | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    // It is good once.
    if (sent.current) return;
    sent.current = true;
    history.replaceState(null, '', location.pathname);
    const body = { state: back.get('state') ?? '', code: back.get('code') };
    take(api.POST('/api/auth/single-sign-on/finish', { body }))
      .then((answer) => (isWaiting(answer) ? setNeeded(answer) : enter()))
      .catch(setError);
  }, [back, enter]);
  if (needed) return <SecondStepCard needed={needed} onOver={() => location.assign('/signin')} />;
  return (
    <div className={classes.card}>
      <Stack>
        <Title order={1} fz={24}>
          {t('sso.title')}
        </Title>
        {error ? <ErrorNote error={error} /> : <Text role="status">{t('common.loading')}</Text>}
        <Text size="sm">
          <Link to="/signin">{t('sso.back')}</Link>
        </Text>
      </Stack>
    </div>
  );
}
