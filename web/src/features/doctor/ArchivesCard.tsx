import { Button, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Priors, PriorStudy } from '@/api/types';
import { addEnglish, useT } from '@/i18n';
import texts from '@/i18n/later/priors.json';
import { useFormats } from '@/shared/format';
import { ErrorNote } from '@/shared/states';
import classes from './ArchivesCard.module.css';
import panels from './panels.module.css';
import { useArchives, useFetchPrior } from './usePriors';

addEnglish(texts);

interface ArchivesCardProps {
  reportId: string;
  onCompare: (imageId: string) => void;
}

/** Earlier studies of the patient in other archives; nothing where no archive is asked. */
export function ArchivesCard({ reportId, onCompare }: ArchivesCardProps) {
  const t = useT();
  const query = useArchives(reportId);
  const fetch = useFetchPrior(reportId);
  const { archives, studies } = query.data ?? { archives: [], studies: [] };
  if (query.error) {
    return (
      <section className={panels.section} aria-label={t('priors.title')}>
        <ErrorNote error={query.error} onRetry={() => void query.refetch()} />
      </section>
    );
  }
  if (archives.length === 0) return null;
  return (
    <section className={panels.section} aria-labelledby="archives-heading">
      <h2 id="archives-heading" className={panels.heading}>
        {t('priors.title')}
      </h2>
      {archives.map((archive) => (
        <ArchiveNote
          key={archive.archive}
          archive={archive}
          hasStudies={studies.some((study) => study.archive === archive.archive)}
        />
      ))}
      {studies.length > 0 && (
        <ul className={classes.list}>
          {studies.map((study) => (
            <StudyRow
              key={study.prior_id}
              study={study}
              onFetch={() => fetch.mutate(study.prior_id)}
              onCompare={onCompare}
            />
          ))}
        </ul>
      )}
      {fetch.error && <ErrorNote error={fetch.error} />}
    </section>
  );
}

/** What is to be said of an archive beside its studies. */
function ArchiveNote({ archive: asked, hasStudies }: { archive: Priors['archives'][number]; hasStudies: boolean }) {
  const t = useT();
  const { archive, fault } = asked;
  const left = asked.others + asked.unreadable;
  const notes = [
    !asked.answered_at && fault && t('priors.waiting.fault', { archive, fault }),
    !asked.answered_at && !fault && t('priors.waiting', { archive }),
    asked.answered_at && !hasStudies && t('priors.none', { archive }),
    asked.is_cut && t('priors.cut', { archive }),
    left > 0 && t('priors.left', { archive, count: left }),
  ].filter(Boolean);
  return notes.length > 0 && <Text size="sm">{notes.join(' ')}</Text>;
}

interface StudyRowProps {
  study: PriorStudy;
  onFetch: () => void;
  onCompare: (imageId: string) => void;
}

function StudyRow({ study, onFetch, onCompare }: StudyRowProps) {
  const t = useT();
  const formats = useFormats();
  const day = study.made_at ? formats.day(study.made_at) : t('priors.undated');
  const what = [study.modalities.join(', '), study.description, study.archive].filter(Boolean).join(' · ');
  const label = { 'aria-label': `${t(study.state === 'here' ? 'priors.compare' : 'priors.fetch')}: ${day}, ${what}` };
  const film = study.images[0];
  return (
    <li className={classes.study}>
      <div className={classes.what}>
        <Text size="sm" fw={600}>
          {day}
        </Text>
        <Text size="xs" c="dimmed">
          {what}
        </Text>
      </div>
      {study.state === 'here' && film && (
        <Button size="xs" variant="default" onClick={() => onCompare(film.image_id)} {...label}>
          {t('priors.compare')}
        </Button>
      )}
      {(study.state === 'found' || study.state === 'failed') && (
        <Button size="xs" variant="default" onClick={onFetch} {...label}>
          {t('priors.fetch')}
        </Button>
      )}
      {study.state === 'fetching' && (
        <Text size="xs" role="status">
          {t('priors.fetching')}
        </Text>
      )}
      {study.doubts.length > 0 && (
        <Text size="xs" className={classes.doubt}>
          <IconAlertTriangle size={14} aria-hidden />
          {t('priors.doubt', {
            archive: study.archive,
            name: study.patient_name ?? '–',
            date: formats.day(study.birth_date),
          })}
        </Text>
      )}
      {study.fault && (
        <Text size="xs" className={classes.fault}>
          {t(study.state === 'here' ? 'priors.partly' : 'priors.failed', { fault: study.fault })}
        </Text>
      )}
    </li>
  );
}
