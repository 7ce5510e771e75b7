import './texts';
import { Button, Group, Text, Title } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMe } from '@/app/session';
import { useSpeech } from '@/i18n';
import { useErrorText } from '@/shared/problems';
import { toast } from '@/shared/toast';
import { takeRecord } from './record';

/** Everything that is stored about the acting patient, to be taken away. */
export function OwnDataPanel({ isAlone = false }: { isAlone?: boolean }) {
  const { t, language } = useSpeech();
  const me = useMe();
  const errorText = useErrorText();
  const taking = useMutation({
    mutationFn: () => takeRecord(me.user.id, language),
    onSuccess: () => toast(t('privacy.export.done')),
    onError: (error) => toast(errorText(error), 'bad'),
  });
  return (
    <section className="panel">
      <Title order={2} fz={17} mb="sm">
        {t(isAlone ? 'privacy.own' : 'privacy.own.take')}
      </Title>
      <Text size="sm" mb="md">
        {t('privacy.own.text')}
      </Text>
      <Group>
        <Button
          leftSection={<IconDownload size={18} aria-hidden />}
          loading={taking.isPending}
          onClick={() => taking.mutate()}
        >
          {t('privacy.own.take')}
        </Button>
        {isAlone && <Link to="/my-data">{t('privacy.own.more')}</Link>}
      </Group>
    </section>
  );
}
