import { Button, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { findingsOf, linesOf, type ReportDetail } from '@/api/types';
import { type TextKey, useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Risk } from '@/shared/Risk';
import { useErrorText } from '@/shared/problems';
import { toast } from '@/shared/toast';
import { AiAdvice } from './AiAdvice';
import classes from './panels.module.css';

interface AiPanelProps {
  detail: ReportDetail;
  heatmap: boolean;
  onHeatmap: (on: boolean) => void;
  opacity: number;
  onOpacity: (opacity: number) => void;
  hasPrior: boolean;
  synchronised: boolean;
  onSynchronised: (on: boolean) => void;
}

/** What the AI said, or why it said nothing. */
export function AiPanel(props: AiPanelProps) {
  const { detail } = props;
  const { t, maybe } = useSpeech();
  const formats = useFormats();
  const { analysis, not_assessed: notAssessed, report } = detail;
  return (
    <section className={classes.section} aria-labelledby="ai-heading">
      <h2 id="ai-heading" className={classes.heading}>
        {t('ai.title')}
      </h2>
      <Text size="xs" c="dimmed">
        {t('app.notDevice')}
      </Text>
      {analysis ? (
        <>
          <Risk risk={analysis.risk_category} score={analysis.risk_probability} filled />
          <ul className={classes.findings}>
            {findingsOf(analysis).map((finding) => (
              <li key={finding.name}>
                <div className={classes.spread}>
                  <span>
                    {maybe(`finding.${finding.name.toLowerCase()}`) ?? finding.name}
                    {finding.region && (
                      <Text component="span" size="xs" c="dimmed">
                        {` · ${t('ai.region', { side: t(`side.${finding.region.side}` as TextKey), zone: t(`zone.${finding.region.zone}` as TextKey) })}`}
                      </Text>
                    )}
                  </span>
                  <span className="mono">{formats.score(finding.probability)}</span>
                </div>
                <div className={classes.track} aria-hidden>
                  <div
                    className={classes.fill}
                    data-risk={finding.severity}
                    style={{ width: `${Math.round(finding.probability * 100)}%` }}
                  />
                </div>
              </li>
            ))}
          </ul>
          <AiAdvice risk={analysis.risk_category} lines={linesOf(report.recommendations).slice(0, -1)} />
          <details className={classes.details}>
            <summary>{t('ai.about')}</summary>
            <dl className="facts">
              <dt>{t('ai.model')}</dt>
              <dd>{analysis.model_version}</dd>
              {analysis.confidence_threshold != null && (
                <>
                  <dt>{t('ai.threshold')}</dt>
                  <dd className="mono">{formats.score(analysis.confidence_threshold)}</dd>
                </>
              )}
              {analysis.image_quality_score != null && (
                <>
                  <dt>{t('ai.quality')}</dt>
                  <dd className="mono">{formats.score(analysis.image_quality_score)}</dd>
                </>
              )}
              <dt>{t('ai.time')}</dt>
              <dd className="mono">{analysis.processing_time_ms} ms</dd>
              <dt>{t('ai.at')}</dt>
              <dd>{formats.dateTime(analysis.processed_at)}</dd>
            </dl>
          </details>
          <HeatmapControls {...props} available={analysis.attention_maps != null} />
        </>
      ) : (
        <NotScored detail={detail} reason={(notAssessed && maybe(`notAssessed.${notAssessed.code}`)) ?? notAssessed?.reason} />
      )}
      {props.hasPrior && (
        <label className={classes.switch}>
          <input
            type="checkbox"
            role="switch"
            checked={props.synchronised}
            onChange={(event) => props.onSynchronised(event.currentTarget.checked)}
          />
          {t('ai.sync')}
        </label>
      )}
    </section>
  );
}

function HeatmapControls(props: AiPanelProps & { available: boolean }) {
  const { t } = useSpeech();
  const formats = useFormats();
  if (!props.available) {
    return (
      <Text size="xs" c="dimmed">
        {t('ai.noHeatmap')}
      </Text>
    );
  }
  return (
    <div className={classes.stack}>
      <label className={classes.switch}>
        <input
          type="checkbox"
          role="switch"
          checked={props.heatmap}
          onChange={(event) => props.onHeatmap(event.currentTarget.checked)}
        />
        {t('ai.heatmap')}
      </label>
      {props.heatmap && (
        <>
          <label className={classes.slider}>
            <span className={classes.spread}>
              {t('ai.opacity')}
              <span className="mono">{formats.percent(props.opacity)}</span>
            </span>
            <input
              type="range"
              min={0.1}
              max={1}
              step={0.05}
              value={props.opacity}
              onChange={(event) => props.onOpacity(Number(event.currentTarget.value))}
            />
          </label>
          <div>
            <div className={classes.ramp} aria-hidden />
            <div className={classes.spread}>
              <Text size="xs" c="dimmed">
                {t('ai.legend.low')}
              </Text>
              <Text size="xs" c="dimmed">
                {t('ai.legend.high')}
              </Text>
            </div>
          </div>
          <Text size="sm" fw={600}>
            {t('ai.heatmapWords')}
          </Text>
        </>
      )}
    </div>
  );
}

/** The AI kept silent; it may be asked again as long as nobody has signed. */
function NotScored({ detail, reason }: { detail: ReportDetail; reason: string | undefined }) {
  const { t } = useSpeech();
  const errorText = useErrorText();
  const client = useQueryClient();
  const { report } = detail;
  const again = useMutation({
    mutationFn: () =>
      take(api.POST('/api/ai/analyze/{report_id}', { params: { path: { report_id: report.report_id } } })),
    onSuccess: () => {
      toast(t('ai.asked'));
      void client.invalidateQueries({ queryKey: ['report', report.report_id] });
    },
    onError: (error) => toast(errorText(error), 'bad'),
  });
  const waiting = report.status === 'pending' || report.status === 'analyzing';
  return (
    <div className={classes.stack}>
      <Risk risk={null} filled />
      <Text size="sm">{waiting ? t('ai.waiting') : reason ? t('why.unscoredReason', { reason }) : t('ai.silent')}</Text>
      {report.status !== 'reviewed' && !waiting && (
        <Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>
          {t('ai.again')}
        </Button>
      )}
    </div>
  );
}
