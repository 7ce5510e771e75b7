import { Alert, Button, NativeSelect, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type Ref, useImperativeHandle, useMemo, useRef, useState } from 'react';
import type { ReportDetail } from '@/api/types';
import { usePreferences } from '@/app/preferences';
import { useMe } from '@/app/session';
import { useSpeech } from '@/i18n';
import { useNow } from '@/shared/clock';
import { useFormats } from '@/shared/format';
import { useErrorText } from '@/shared/problems';
import { Shown } from '@/shared/states';
import { HistoryCard } from '../patients/HistoryCard';
import { readDocument } from '../viewer/documents';
import { Viewer, type ViewerHandle } from '../viewer/Viewer';
import { AiPanel } from './AiPanel';
import { ArchivesCard } from './ArchivesCard';
import classes from './CaseView.module.css';
import type { ReadingCommand } from './commands';
import { ImpressionForm } from './ImpressionForm';
import { ReviewForm, type ReviewFormHandle } from './ReviewForm';
import { IdentityNote } from './IdentityNote';
import { SignedReviews } from './SignedReviews';
import { useClaim } from './useClaim';
import { useSaveMarks } from './useMarks';
import { caseQuery, filmOf, type Prior, usePriors } from './usePriors';

export interface CaseHandle {
  run: (command: ReadingCommand) => void;
}

interface CaseViewProps {
  reportId: string;
  keys: Partial<Record<string, string>>;
  onSigned: () => void;
  /** Which part a small screen shows. */
  part: 'film' | 'report';
  ref?: Ref<CaseHandle>;
}

/** One case: the film in the middle, what the AI and the doctor say beside it. */
export function CaseView(props: CaseViewProps) {
  const query = useQuery(caseQuery(props.reportId));
  return (
    <Shown query={query} rows={8}>
      {(detail) => <OpenCase {...props} detail={detail} />}
    </Shown>
  );
}

function OpenCase({ detail, keys, onSigned, part, ref }: CaseViewProps & { detail: ReportDetail }) {
  const { t, maybe } = useSpeech();
  const errorText = useErrorText();
  const formats = useFormats();
  const now = useNow();
  const me = useMe();
  const { preferences, change } = usePreferences();
  const { report, claim } = detail;
  const isReviewed = report.status === 'reviewed';
  const otherHolder =
    claim && claim.doctor_id !== me.user.id && new Date(claim.expires_at).getTime() > now ? claim : null;
  const { refused, release } = useClaim(report.report_id, !isReviewed && !otherHolder);
  const [heatmap, setHeatmap] = useState(false);
  const [opacity, setOpacity] = useState(preferences.layout?.heatmapOpacity ?? 0.6);
  const [compare, setCompare] = useState(false);
  const [synchronised, setSynchronised] = useState(preferences.layout?.syncPrior ?? true);
  const [imageIndex, setImageIndex] = useState(0);
  const [second, setSecond] = useState(false);
  const { priors, prior, film: priorFilm, choose } = usePriors(report, compare);
  const priorName = (each: Prior) =>
    [
      t('room.prior'),
      each.archive ? formats.day(each.at) : formats.dateTime(each.at),
      each.archive,
      each.number && t('priors.film', { number: each.number }),
    ]
      .filter(Boolean)
      .join(' · ');
  const viewer = useRef<ViewerHandle>(null);
  const form = useRef<ReviewFormHandle>(null);

  // As they were when the case was opened: the viewer holds the newer state.
  const [own] = useState(() => readDocument(detail.annotations.find((each) => each.doctor_id === me.user.id)?.content));
  const others = useMemo(
    () =>
      detail.annotations.filter((each) => each.doctor_id !== me.user.id).flatMap((each) => readDocument(each.content)),
    [detail.annotations, me.user.id],
  );
  const blocked = otherHolder !== null || refused?.code === 'claimed_by_other';
  const saveMarks = useSaveMarks(detail, own, true);
  const current = useRef(own);

  const image = detail.images[imageIndex] ?? detail.images[0];
  const film = useMemo(() => image && filmOf(image), [image?.image_id]);
  const name = film && `portal:/api/reports/${film.reportId}/images/${film.imageId}/frames/1`;
  const heatmapUrl = detail.analysis?.attention_maps ? `/api/ai/analysis/${detail.analysis.analysis_id}/heatmap` : null;

  useImperativeHandle(ref, () => ({
    run: (command) => {
      if (command === 'sign') form.current?.sign();
      else if (command !== 'next' && command !== 'previous' && command !== 'open' && command !== 'help') {
        viewer.current?.run(command);
      }
    },
  }));

  const layout = (part: NonNullable<typeof preferences.layout>) =>
    change({ layout: { ...preferences.layout, ...part } });

  return (
    <div className={classes.case} data-part={part}>
      <div className={classes.film}>
        {detail.images.length > 1 && (
          <div className={classes.strip} role="group" aria-label={t('room.images')}>
            {detail.images.map((each, index) => (
              <button
                key={each.image_id}
                type="button"
                aria-pressed={index === imageIndex}
                onClick={() => setImageIndex(index)}
              >
                {t('room.image', { number: index + 1 })}
              </button>
            ))}
          </div>
        )}
        {film && name ? (
          <Viewer
            key={film.imageId}
            ref={viewer}
            film={film}
            caption={`${t('room.current')} · ${formats.dateTime(report.upload_date)}`}
            prior={priorFilm}
            canCompare={priors.length > 0}
            priorCaption={prior ? priorName(prior) : ''}
            compare={compare}
            onCompare={setCompare}
            synchronised={synchronised}
            heatmapUrl={heatmapUrl}
            heatmap={heatmap}
            onHeatmap={setHeatmap}
            heatmapOpacity={opacity}
            marks={current.current}
            otherMarks={others}
            onMarks={(marks) => {
              current.current = [...current.current.filter((mark) => mark.image !== name), ...marks];
              saveMarks(name, marks);
            }}
            keys={keys}
          />
        ) : (
          <Text p="md">{t('room.noImage')}</Text>
        )}
      </div>
      <aside className={classes.side} aria-label={t('room.report')}>
        <header className={classes.head}>
          <h2 className={classes.patient}>{report.patient_name}</h2>
          <Text size="sm" c="dimmed">
            {[
              detail.patient_identifier,
              maybe(`study.${report.study_type}`) ?? report.study_type,
              report.patient_age != null ? t('common.years', { count: report.patient_age }) : null,
              report.patient_gender ? t(`gender.${report.patient_gender}`) : null,
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          <Text size="xs" c="dimmed">
            {t('room.sent', { time: formats.dateTime(report.upload_date), name: report.radiologist_name ?? '–' })}
          </Text>
          {compare && priors.length > 1 && (
            <NativeSelect
              label={t('room.priorChoice')}
              size="xs"
              value={prior?.id ?? ''}
              onChange={(event) => choose(event.currentTarget.value)}
              data={priors.map((each) => ({ value: each.id, label: priorName(each) }))}
            />
          )}
        </header>
        {blocked && (
          <Alert m="md" color="yellow" variant="outline" icon={<IconLock aria-hidden />} title={t('room.claimed')}>
            {otherHolder
              ? t('room.claimed.by', {
                  name: otherHolder.doctor_name ?? t('common.unknown'),
                  time: formats.time(otherHolder.expires_at),
                })
              : refused && errorText(refused)}
          </Alert>
        )}
        <IdentityNote detail={detail} mayConfirm={!isReviewed || second} />
        {detail.ai_hidden ? (
          <ImpressionForm reportId={report.report_id} />
        ) : (
          <AiPanel
            detail={detail}
            heatmap={heatmap}
            onHeatmap={setHeatmap}
            opacity={opacity}
            onOpacity={(value) => {
              setOpacity(value);
              layout({ heatmapOpacity: value });
            }}
            hasPrior={priors.length > 0}
            synchronised={synchronised}
            onSynchronised={(on) => {
              setSynchronised(on);
              layout({ syncPrior: on });
            }}
          />
        )}
        {isReviewed && <SignedReviews detail={detail} />}
        {isReviewed && !second && (
          <div className={classes.pad}>
            <Button variant="default" fullWidth onClick={() => setSecond(true)}>
              {t('review.second.begin')}
            </Button>
          </div>
        )}
        {(!isReviewed || second) && (
          <ReviewForm
            ref={form}
            detail={detail}
            secondOpinion={second}
            blocked={blocked || detail.ai_hidden}
            identityOpen={detail.identity?.confirmation_needed === true}
            onSigned={() => {
              release();
              setSecond(false);
              onSigned();
            }}
          />
        )}
        <ArchivesCard
          reportId={report.report_id}
          onCompare={(film) => {
            choose(film);
            setCompare(true);
          }}
        />
        <HistoryCard patientId={report.patient_id} given={report} />
      </aside>
    </div>
  );
}
