import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSpeech } from '@/i18n';
import { factsQuery } from '@/shared/facts';
import classes from './auth.module.css';

/** The accounts of a demo portal; nothing elsewhere. */
export function DemoAccounts({
  disabled,
  onChoose,
}: {
  disabled: boolean;
  onChoose: (email: string, password: string) => void;
}) {
  const { t, maybe } = useSpeech();
  const { data } = useQuery(factsQuery);
  const demo = data?.demo;
  if (!demo) return null;
  return (
    <section className={classes.card} aria-labelledby="demo-heading">
      <Title order={2} fz={17} id="demo-heading">
        {t('auth.demo')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('auth.demo.text')}
      </Text>
      <Stack gap={8}>
        {demo.accounts.map(({ email, role }) => {
          const kind = email.split('@')[0] ?? '';
          return (
            <Button
              key={email}
              variant="default"
              justify="space-between"
              disabled={disabled}
              onClick={() => onChoose(email, demo.password)}
              aria-label={t('auth.demo.enter', { role: maybe(`role.${kind}`) ?? role, email })}
              rightSection={
                <Text component="span" size="sm" c="dimmed">
                  {email}
                </Text>
              }
            >
              {maybe(`role.${kind}`) ?? role}
            </Button>
          );
        })}
      </Stack>
      <Text size="sm" c="dimmed" mt="sm">
        {t('auth.demo.password')}: <Code>{demo.password}</Code>
      </Text>
    </section>
  );
}
