import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Model } from '@/api/types';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { cardOf } from './modelCard';
import classes from './models.module.css';

/** A model's card: what it is, what it is meant for, and how it did in its independent test. */
export function ModelFacts({ model }: { model: Model }) {
  const t = useT();
  const formats = useFormats();
  const card = cardOf(model);
  const facts: [string, ReactNode][] = [
    [t('models.architecture'), `${model.architecture ?? '–'} (${model.framework ?? '–'})`],
    [t('models.trained'), `${formats.day(model.trained_date)} · ${model.training_dataset_version ?? '–'}`],
    [t('models.deployed'), formats.dateTime(model.deployed_date)],
    [
      t('models.thresholds'),
      card.thresholds && (
        <span className="mono">
          {t('risk.medium')} ≥ {formats.score(card.thresholds.medium)} · {t('risk.high')} ≥{' '}
          {formats.score(card.thresholds.high)}
        </span>
      ),
    ],
    [t('models.ages'), card.ages && `${card.ages[0]}–${card.ages[1]}`],
    [t('models.licence'), card.licence],
  ];
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
    <>
      <Text>{model.description}</Text>
      {card.statement && (
        <Text mt={6}>
          <strong>{t('models.intendedUse')}:</strong> {card.statement}
        </Text>
      )}
      <dl className="facts" style={{ marginTop: 12 }}>
        {facts
          .filter(([, value]) => value !== undefined)
          .map(([label, value]) => [<dt key={`${label}:`}>{label}</dt>, <dd key={label}>{value}</dd>])}
      </dl>
      <Title order={4} fz={15} mt="md" mb="xs">
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
              <div className={classes.figure}>{formats.fine(value)}</div>
            </div>
          ))}
      </div>
      <details className={classes.manifest}>
        <summary>{t('models.manifest')}</summary>
        <pre tabIndex={0}>{JSON.stringify(model.model_config, null, 2)}</pre>
      </details>
    </>
  );
}
