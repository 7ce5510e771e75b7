import { Button, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import { useMe } from '@/app/session';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { PageTitle, Shown } from '@/shared/states';
import { HistoryEditor } from '../patients/HistoryEditor';
import { HistoryView } from '../patients/HistoryView';
import { useHistory } from '../patients/useHistory';

/** The patient's own medical history. */
export function HistoryPage() {
  const t = useT();
  const formats = useFormats();
  const me = useMe();
  const query = useHistory(me.user.id);
  const [editing, setEditing] = useState(false);
  return (
    <div className="page page-narrow">
      <PageTitle text={t('history.text')}>{t('nav.history')}</PageTitle>
      <Shown query={query}>
        {(history) => (
          <section className="panel">
            {editing ? (
              <HistoryEditor patientId={me.user.id} history={history} onDone={() => setEditing(false)} />
            ) : (
              <>
                <HistoryView history={history} />
                {history && (
                  <Text size="sm" c="dimmed" mt="md">
                    {t('history.updated', { time: formats.dateTime(history.updated_at) })}
                  </Text>
                )}
                <Button mt="md" leftSection={<IconPencil size={18} aria-hidden />} onClick={() => setEditing(true)}>
                  {t('history.change')}
                </Button>
              </>
            )}
          </section>
        )}
      </Shown>
    </div>
  );
}
