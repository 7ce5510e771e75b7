import { Text } from '@mantine/core';
import type { MedicalHistory } from '@/api/types';
import { useT } from '@/i18n';
import { entriesOf, historyLists, isRecorded, lifestyleOf, lifestyleParts } from './history';

/** A medical history to be read. */
export function HistoryView({ history }: { history: MedicalHistory }) {
  const t = useT();
  const lifestyle = lifestyleOf(history);
  const way = lifestyleParts
    .filter((part) => lifestyle[part])
    .map((part) => `${t(`history.${part}`)}: ${lifestyle[part]}`);
  if (!isRecorded(history)) {
    return (
      <Text size="sm" c="dimmed">
        {t('history.none')}
      </Text>
    );
  }
  return (
    <dl className="facts">
      {historyLists.map((list) => (
        <div key={list} style={{ display: 'contents' }}>
          <dt>{t(`history.${list}`)}</dt>
          <dd className="prewrap">{entriesOf(history, list).join('\n') || '–'}</dd>
        </div>
      ))}
      <dt>{t('history.lifestyle')}</dt>
      <dd className="prewrap">{way.join('\n') || '–'}</dd>
    </dl>
  );
}
