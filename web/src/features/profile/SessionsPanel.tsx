import { Button, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';

/** A browser's name out of what it calls itself; the whole text when it is none of the usual ones. */
export function browserName(agent: string | null | undefined): string {
  const browser = /(Edg|OPR|Firefox|HeadlessChrome|Chrome|Safari)\/(\d+)/.exec(agent ?? '');
  if (!browser) return agent ?? '–';
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', HeadlessChrome: 'Chrome' };
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent ?? '')?.[1];
  return [`${names[browser[1] ?? ''] ?? browser[1]} ${browser[2]}`, system].filter(Boolean).join(', ');
}

export function SessionsPanel() {
  const t = useT();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const query = useQuery({ queryKey: ['sessions'], queryFn: () => take(api.GET('/api/auth/sessions')) });
  const end = useMutation({
    mutationFn: (sessionId: string) =>
      take(api.DELETE('/api/auth/sessions/{session_id}', { params: { path: { session_id: sessionId } } })),
    onSuccess: () => {
      toast(t('sessions.ended'));
      void client.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t('sessions.title')}
      </Title>
      <Shown query={query} rows={2}>
        {({ items }) => (
          <Stack gap="sm">
            {items.map((session) => (
              <div key={session.session_id} className="row" style={{ justifyContent: 'space-between' }}>
                <div>
                  <Text size="sm" fw={600}>
                    {browserName(session.user_agent)}
                    {session.is_current && ` · ${t('sessions.current')}`}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {t('sessions.used', { time: formats.dateTime(session.last_activity) })} ·{' '}
                    <span className="mono">{session.ip_address ?? '–'}</span>
                  </Text>
                </div>
                {!session.is_current && (
                  <Button size="xs" variant="default" onClick={() => end.mutate(session.session_id)}>
                    {t('sessions.end')}
                  </Button>
                )}
              </div>
            ))}
          </Stack>
        )}
      </Shown>
    </section>
  );
}
