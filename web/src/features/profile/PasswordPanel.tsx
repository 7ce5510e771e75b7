import { Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { NewPassword } from '@/shared/NewPassword';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';

export function PasswordPanel() {
  const t = useT();
  const fieldText = useFieldText();
  const me = useMe();
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const save = useMutation({
    mutationFn: () => take(api.POST('/api/auth/password', { body: { current_password: current, new_password: next } })),
    onSuccess: () => {
      toast(t('profile.password.changed'));
      setCurrent('');
      setNext('');
      void client.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const toggle = { 'aria-label': t('auth.showPassword') };
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('profile.password')}
      </Title>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <input type="hidden" name="username" autoComplete="username" value={me.user.email} />
          <PasswordInput
            label={t('profile.password.current')}
            autoComplete="current-password"
            required
            value={current}
            error={fieldText(problem, 'current_password')}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            visibilityToggleButtonProps={toggle}
          />
          <NewPassword
            label={t('profile.password.next')}
            value={next}
            error={fieldText(problem, 'new_password')}
            onChange={setNext}
          />
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Text size="xs" c="dimmed">
            {t('profile.password.text')}
          </Text>
          <Button type="submit" loading={save.isPending}>
            {t('profile.password.change')}
          </Button>
        </Stack>
      </form>
    </section>
  );
}
