import { Text } from '@mantine/core';
import { linesOf, type Report } from '@/api/types';
import { useT } from '@/i18n';
import { Shown } from '@/shared/states';
import classes from '../doctor/panels.module.css';
import { Statements } from '../privacy/Statements';
import { HistoryView } from './HistoryView';
import { ProposalNote } from './ProposalNote';
import { useHistory } from './useHistory';

/** The patient's history beside a case, with what came with the upload. */
export function HistoryCard({ patientId, given }: { patientId: string; given?: Report }) {
  const t = useT();
  const query = useHistory(patientId);
  const symptoms = linesOf(given?.symptoms);
  const told = linesOf(given?.medical_history);
  return (
    <section className={classes.section} aria-labelledby="history-heading">
      <h2 id="history-heading" className={classes.heading}>
        {t('nav.history')}
      </h2>
      {symptoms.length > 0 && (
        <Text size="sm">
          <strong>{t('history.symptoms')}:</strong> {symptoms.join(', ')}
        </Text>
      )}
      {told.length > 0 && (
        <Text size="sm">
          <strong>{t('history.given')}:</strong> {told.join(', ')}
        </Text>
      )}
      <Shown query={query} rows={2}>
        {(history) => (
          <>
            <HistoryView history={history} />
            <ProposalNote history={history} />
            <Statements patientId={patientId} />
          </>
        )}
      </Shown>
    </section>
  );
}
