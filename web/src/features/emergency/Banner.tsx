import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { toast } from '@/shared/toast';
import classes from './emergency.module.css';

/** Says on every page that a patient's record is open in an emergency, until when, and how to end it. */
export function Banner() {
  const t = useT();
  const errorText = useErrorText();
  const formats = useFormats();
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: ['emergencies', 'running'],
    queryFn: () => take(api.GET('/api/emergency-accesses', { params: { query: { running: true } } })),
    // Looks again only while something runs, so that it goes when its time is over.
    refetchInterval: ({ state }) => (state.data?.items.length ? 30_000 : false),
  });
  const end = useMutation({
    mutationFn: (accessId: string) =>
      take(api.POST('/api/emergency-accesses/{access_id}/end', { params: { path: { access_id: accessId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['emergencies'] }),
    onError: (error) => toast(errorText(error), 'bad'),
  });
  return (
    <>
      {data?.items.map((access) => (
        <div key={access.access_id} className={`${classes.banner} no-print`} role="status">
          <IconAlertTriangle size={20} aria-hidden />
          <span>{t('emergency.banner', { name: access.pseudonym, time: formats.dateTime(access.ends_at) })}</span>
          <Link to="/emergencies/$accessId" params={{ accessId: access.access_id }}>
            {t('emergency.banner.open')}
          </Link>
          <Button size="xs" variant="default" loading={end.isPending} onClick={() => end.mutate(access.access_id)}>
            {t('emergency.banner.end')}
          </Button>
        </div>
      ))}
    </>
  );
}
