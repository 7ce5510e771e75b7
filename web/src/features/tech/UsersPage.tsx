import { Button, NativeSelect, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUserCheck, IconUserOff, IconUserPlus } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api, take } from '@/api/client';
import type { Account, Role } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { Empty, PageTitle } from '@/shared/states';
import { usePages } from '@/shared/usePages';
import { roles, UserDialog } from './UserDialog';

/** Every account: found, made, changed, put out of use. */
export function UsersPage() {
  const t = useT();
  const formats = useFormats();
  const { search: given } = useSearch({ from: '/members/users' });
  const [text, setText] = useState(given ?? '');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [role, setRole] = useState<Role | ''>('');
  const [active, setActive] = useState<'' | 'true' | 'false'>('');
  const [dialog, setDialog] = useState<Account | 'new' | null>(null);
  const pages = usePages<Account>(['users', search, role, active], (cursor) =>
    take(
      api.GET('/api/users', {
        params: {
          query: {
            search: search || undefined,
            role: role || undefined,
            is_active: active === '' ? undefined : active === 'true',
            limit: 100,
            cursor,
          },
        },
      }),
    ),
  );
  const columns = useMemo<Column<Account>[]>(
    () => [
      { id: 'name', label: t('auth.name'), width: '1.4fr', sortBy: (row) => row.name, cell: (row) => row.name },
      { id: 'email', label: t('auth.email'), width: '1.6fr', sortBy: (row) => row.email ?? '', cell: (row) => row.email ?? '–' },
      { id: 'role', label: t('users.role'), sortBy: (row) => row.role, cell: (row) => t(`role.${row.role}`) },
      {
        id: 'active',
        label: t('users.state'),
        width: '130px',
        sortBy: (row) => Number(row.is_active),
        cell: (row) => (
          <span style={{ display: 'inline-flex', gap: 6 }}>
            {row.is_active ? <IconUserCheck size={18} aria-hidden /> : <IconUserOff size={18} aria-hidden />}
            {t(row.is_active ? 'users.active' : 'users.inactive')}
          </span>
        ),
      },
      {
        id: 'login',
        label: t('users.lastLogin'),
        sortBy: (row) => row.last_login_at ?? '',
        cell: (row) => formats.dateTime(row.last_login_at),
      },
      {
        id: 'actions',
        label: t('common.actions'),
        width: '110px',
        cell: (row) => (
          <Button
            size="xs"
            variant="default"
            aria-label={t('users.change', { name: row.name })}
            onClick={() => setDialog(row)}
          >
            {t('common.edit')}
          </Button>
        ),
      },
    ],
    [t, formats],
  );
  return (
    <div className="page">
      <PageTitle
        text={t('users.text')}
        aside={
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => setDialog('new')}>
            {t('users.new')}
          </Button>
        }
      >
        {t('nav.users')}
      </PageTitle>
      <div className="row" style={{ marginBottom: 16 }}>
        <TextInput
          label={t('common.search')}
          placeholder={t('users.search')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          label={t('users.role')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role | '')}
          data={[
            { value: '', label: t('common.all') },
            ...roles.map((value) => ({ value, label: t(`role.${value}`) })),
          ]}
        />
        <NativeSelect
          label={t('users.state')}
          value={active}
          onChange={(event) => setActive(event.currentTarget.value as typeof active)}
          data={[
            { value: '', label: t('common.all') },
            { value: 'true', label: t('users.active') },
            { value: 'false', label: t('users.inactive') },
          ]}
        />
      </div>
      <Text size="sm" c="dimmed" mb="sm">
        {t('users.patient.text')}
      </Text>
      <PagedTable
        label={t('nav.users')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<Empty title={t('users.none')} />}
      />
      {dialog && <UserDialog account={dialog === 'new' ? null : dialog} onClose={() => setDialog(null)} />}
    </div>
  );
}
