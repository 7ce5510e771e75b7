import { Badge, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { api, take } from '@/api/client';
import type { Metric, Model } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Empty, Loading, PageTitle, Shown } from '@/shared/states';
import { ConfusionMatrix } from './ConfusionMatrix';
import { cardOf } from './modelCard';
import classes from './tech.module.css';

const MetricsChart = lazy(() => import('./MetricsChart').then((module) => ({ default: module.MetricsChart })));

/** The registered models: card, test figures, and how they do against signed reviews. */
export function ModelsPage() {
  const t = useT();
  const query = useQuery({
    queryKey: ['models', 'all'],
    queryFn: () => take(api.GET('/api/models', { params: { query: { limit: 50 } } })),
  });
  return (
    <div className="page">
      <PageTitle text={t('models.text')}>{t('nav.models')}</PageTitle>
      <Shown query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('models.none')}>{t('models.none.text')}</Empty>
          ) : (
            items.map((model) => <ModelCard key={model.model_id} model={model} />)
          )
        }
      </Shown>
    </div>
  );
}

function ModelCard({ model }: { model: Model }) {
  const t = useT();
  const formats = useFormats();
  const card = cardOf(model);
  const figures: [string, number | null | undefined][] = [
    [t('models.auroc'), card.auroc],
    [t('models.sensitivity'), card.sensitivity ?? model.baseline_recall],
    [t('models.specificity'), card.specificity],
    [t('models.accuracy'), model.baseline_accuracy],
    [t('models.precision'), model.baseline_precision],
    [t('models.f1'), model.baseline_f1_score],
    [t('models.ece'), card.calibrationError],
    [t('models.brier'), card.brier],
  ];
  return (
    <section className="panel" style={{ marginBottom: 16 }} aria-labelledby={`model-${model.model_id}`}>
      <div className="row" style={{ alignItems: 'center', marginBottom: 8 }}>
        <Title order={2} fz={19} id={`model-${model.model_id}`}>
          {model.model_name} {model.version}
        </Title>
        <Badge variant="outline" color="gray" c="var(--mantine-color-text)" size="lg">
          {t(model.is_active ? 'models.active' : 'models.inactive')}
        </Badge>
      </div>
      <Text>{model.description}</Text>
      {card.statement && (
        <Text mt={6}>
          <strong>{t('models.intendedUse')}:</strong> {card.statement}
        </Text>
      )}
      <dl className="facts" style={{ marginTop: 12 }}>
        <dt>{t('models.architecture')}</dt>
        <dd>
          {model.architecture ?? '–'} ({model.framework ?? '–'})
        </dd>
        <dt>{t('models.trained')}</dt>
        <dd>
          {formats.day(model.trained_date)} · {model.training_dataset_version ?? '–'}
        </dd>
        <dt>{t('models.deployed')}</dt>
        <dd>{formats.dateTime(model.deployed_date)}</dd>
        {card.thresholds && (
          <>
            <dt>{t('models.thresholds')}</dt>
            <dd className="mono">
              {t('risk.medium')} ≥ {formats.score(card.thresholds.medium)} · {t('risk.high')} ≥{' '}
              {formats.score(card.thresholds.high)}
            </dd>
          </>
        )}
        {card.ages && (
          <>
            <dt>{t('models.ages')}</dt>
            <dd>
              {card.ages[0]}–{card.ages[1]}
            </dd>
          </>
        )}
        {card.licence && (
          <>
            <dt>{t('models.licence')}</dt>
            <dd>{card.licence}</dd>
          </>
        )}
      </dl>
      <Title order={3} fz={16} mt="md" mb="xs">
        {t('models.test')}
      </Title>
      {card.dataset && (
        <Text size="sm" c="dimmed" mb="xs">
          {card.dataset}
          {card.testImages != null && ` · ${t('models.images', { count: card.testImages })}`}
        </Text>
      )}
      <div className="figures">
        {figures
          .filter((entry): entry is [string, number] => entry[1] != null)
          .map(([label, value]) => (
            <div key={label}>
              <div className="figure-label">{label}</div>
              <div className="figure-value">{value.toFixed(3)}</div>
            </div>
          ))}
      </div>
      <Live modelId={model.model_id} />
      <details className={classes.audit}>
        <summary>{t('models.manifest')}</summary>
        <pre className={classes.json} tabIndex={0}>
          {JSON.stringify(model.model_config, null, 2)}
        </pre>
      </details>
    </section>
  );
}

function Live({ modelId }: { modelId: string }) {
  const t = useT();
  const formats = useFormats();
  const query = useQuery({
    queryKey: ['models', modelId, 'metrics'],
    queryFn: () =>
      take(
        api.GET('/api/models/{model_id}/metrics', {
          params: { path: { model_id: modelId }, query: { limit: 200 } },
        }),
      ),
  });
  return (
    <>
      <Title order={3} fz={16} mt="lg" mb="xs">
        {t('models.live')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('models.live.text')}
      </Text>
      <Shown query={query} rows={2}>
        {({ items }) => {
          const latest: Metric | undefined = items[0];
          if (!latest) return <Text size="sm">{t('models.live.none')}</Text>;
          return (
            <div className="cards" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 360px), 1fr))' }}>
              <div>
                <ConfusionMatrix metric={latest} />
                <Text size="xs" c="dimmed" mt={6}>
                  {t('models.recorded', { time: formats.dateTime(latest.recorded_at) })}
                </Text>
              </div>
              <Suspense fallback={<Loading rows={3} />}>
                <MetricsChart metrics={items} />
              </Suspense>
            </div>
          );
        }}
      </Shown>
    </>
  );
}
