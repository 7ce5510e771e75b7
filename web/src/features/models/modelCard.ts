import type { Model } from '@/api/types';

/** What the interface shows out of a model's manifest (`model.toml`). */
export interface ModelCardFacts {
  statement?: string;
  licence?: string;
  thresholds?: { medium: number; high: number };
  ages?: [number, number];
  dataset?: string;
  testImages?: number;
  auroc?: number;
  sensitivity?: number;
  specificity?: number;
  calibrationError?: number;
  brier?: number;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** Reads a manifest; what it does not hold stays out. */
export function cardOf(model: Pick<Model, 'model_config'>): ModelCardFacts {
  const config = record(model.model_config);
  const manifest = 'manifest' in config ? record(config.manifest) : config;
  const evaluation = record(manifest.evaluation);
  const use = record(manifest.intended_use);
  const thresholds = record(record(manifest.head).thresholds);
  const [medium, high] = [number(thresholds.medium), number(thresholds.high)];
  const [youngest, oldest] = [number(use.minimum_age_years), number(use.maximum_age_years)];
  return {
    statement: text(use.statement),
    licence: text(manifest.licence),
    thresholds: medium !== undefined && high !== undefined ? { medium, high } : undefined,
    ages: youngest !== undefined && oldest !== undefined ? [youngest, oldest] : undefined,
    dataset: text(evaluation.dataset),
    testImages: number(evaluation.images),
    auroc: number(evaluation.auroc),
    sensitivity: number(evaluation.sensitivity),
    specificity: number(evaluation.specificity),
    calibrationError: number(evaluation.expected_calibration_error),
    brier: number(evaluation.brier),
  };
}
