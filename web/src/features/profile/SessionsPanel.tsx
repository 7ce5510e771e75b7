import { Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { useErrorText } from '@/shared/problems';
import { SessionRows } from '@/shared/SessionRows';
import { Shown } from '@/shared/states';
import { toast } from '@/shared/toast';

/** The own open sessions. */
export function SessionsPanel() {
  const t = useT();
  const errorText = useErrorText();
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
        {({ items }) => <SessionRows items={items} onEnd={(sessionId) => end.mutate(sessionId)} />}
      </Shown>
    </section>
  );
}
