import { Button, Code, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import type { Account } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { SessionRows } from '@/shared/SessionRows';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';

/** A code with which the owner chooses a new password, to be handed over. */
function PasswordCode({ account }: { account: Account }) {
  const t = useT();
  const errorText = useErrorText();
  const formats = useFormats();
  const make = useMutation({
    mutationFn: () => take(api.POST('/api/users/{user_id}/password-code', { params: { path: { user_id: account.id } } })),
    onError: (error) => toast(errorText(error), 'bad'),
  });
  return (
    <div>
      <Text size="xs" c="dimmed" mt="md" mb={4}>
        {t('users.code.text')}
      </Text>
      {make.data ? (
        <Text size="sm" role="status">
          <Code fz="md">{make.data.code}</Code> {t('users.code.page', { address: `${location.origin}/reset` })}{' '}
          {t('users.code.until', { time: formats.dateTime(make.data.expires_at) })}
        </Text>
      ) : (
        <Button size="xs" variant="default" loading={make.isPending} onClick={() => make.mutate()}>
          {t('users.code')}
        </Button>
      )}
    </div>
  );
}

/** The open sessions of an account, each of which tech may end. */
export function UserSessions({ account }: { account: Account }) {
  const t = useT();
  const errorText = useErrorText();
  const client = useQueryClient();
  const queryKey = ['users', account.id, 'sessions'];
  const query = useQuery({
    queryKey,
    queryFn: () => take(api.GET('/api/users/{user_id}/sessions', { params: { path: { user_id: account.id } } })),
  });
  const end = useMutation({
    mutationFn: async (sessionId: string | null) => {
      if (sessionId) {
        await take(
          api.DELETE('/api/users/{user_id}/sessions/{session_id}', {
            params: { path: { user_id: account.id, session_id: sessionId } },
          }),
        );
      } else {
        await take(api.DELETE('/api/users/{user_id}/sessions', { params: { path: { user_id: account.id } } }));
      }
    },
    onSuccess: () => {
      toast(t('sessions.ended'));
      void client.invalidateQueries({ queryKey });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const reset = useMutation({
    mutationFn: () => take(api.DELETE('/api/users/{user_id}/second-factor', { params: { path: { user_id: account.id } } })),
    onSuccess: () => {
      toast(t('users.reset.done'));
      void client.invalidateQueries({ queryKey });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  return (
    <section>
      <Title order={3} fz={15} mb="xs">
        {t('sessions.open')}
      </Title>
      <Shown query={query} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('sessions.none')}
            </Text>
          ) : (
            <Stack gap="sm">
              <SessionRows items={items} onEnd={(sessionId) => end.mutate(sessionId)} />
              {items.length > 1 && (
                <Button size="xs" variant="default" onClick={() => end.mutate(null)}>
                  {t('sessions.endAll')}
                </Button>
              )}
            </Stack>
          )
        }
      </Shown>
      <PasswordCode account={account} />
      <Text size="xs" c="dimmed" mt="md" mb={4}>
        {t('users.reset.text')}
      </Text>
      <Button size="xs" variant="default" loading={reset.isPending} onClick={() => reset.mutate()}>
        {t('users.reset')}
      </Button>
    </section>
  );
}
