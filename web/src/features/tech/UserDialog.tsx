import { Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Account, Role } from '@/api/types';
import { useT } from '@/i18n';
import { Dialog } from '@/shared/Dialog';
import { NewPassword } from '@/shared/NewPassword';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { UserSessions } from './UserSessions';

export const roles: Role[] = ['patient', 'radiologist', 'doctor', 'tech'];

/** Makes an account, or changes one. */
export function UserDialog({ account, onClose }: { account: Account | null; onClose: () => void }) {
  const t = useT();
  const fieldText = useFieldText();
  const client = useQueryClient();
  const [values, setValues] = useState({
    name: account?.name ?? '',
    email: account?.email ?? '',
    role: account?.role ?? ('doctor' as Role),
    password: '',
    isActive: account?.is_active ?? true,
  });
  const save = useMutation({
    mutationFn: () =>
      account
        ? take(
            api.PATCH('/api/users/{user_id}', {
              params: { path: { user_id: account.id } },
              body: {
                ...(values.name !== account.name ? { name: values.name } : {}),
                ...(values.role !== account.role ? { role: values.role } : {}),
                ...(values.isActive !== account.is_active ? { is_active: values.isActive } : {}),
                ...(values.password ? { password: values.password } : {}),
              },
            }),
          )
        : take(
            api.POST('/api/users', {
              body: { name: values.name, email: values.email, role: values.role, password: values.password },
            }),
          ),
    onSuccess: () => {
      toast(t('common.saved'));
      void client.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const set = (part: Partial<typeof values>) => setValues((old) => ({ ...old, ...part }));
  return (
    <Dialog opened onClose={onClose} title={account ? t('users.change', { name: account.name }) : t('users.new')}>
      <form
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          <TextInput
            label={t('auth.name')}
            required
            disabled={account?.role === 'patient'}
            data-autofocus
            value={values.name}
            error={fieldText(problem, 'name')}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <TextInput
            label={t('auth.email')}
            type="email"
            required={account === null}
            disabled={account !== null}
            value={values.email}
            error={fieldText(problem, 'email')}
            onChange={(event) => set({ email: event.currentTarget.value })}
          />
          <NativeSelect
            label={t('users.role')}
            value={values.role}
            error={fieldText(problem, 'role')}
            onChange={(event) => set({ role: event.currentTarget.value as Role })}
            data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
          />
          <NewPassword
            label={account ? `${t('profile.password.next')} (${t('common.optional')})` : t('auth.password')}
            required={account === null}
            value={values.password}
            error={fieldText(problem, 'password')}
            onChange={(password) => set({ password })}
          />
          {account && (
            <Checkbox
              label={t('users.mayUse')}
              description={t('users.mayUse.text')}
              checked={values.isActive}
              onChange={(event) => set({ isActive: event.currentTarget.checked })}
            />
          )}
          {account && (
            <Text size="xs" c="dimmed">
              {t('users.sessions')}
            </Text>
          )}
          {account && <UserSessions account={account} />}
          {problem && problem.errors.length === 0 && <ErrorNote error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
