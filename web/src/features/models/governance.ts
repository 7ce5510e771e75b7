import type { CalibrationBin, Comparison, DayStanding, Model, ModelStage, Promotion } from '@/api/types';

/** What tech can do to a model, each with a reason that is kept. */
export type Act =
  'shadow_started' | 'shadow_stopped' | 'promotion' | 'suspended' | 'resumed' | 'rollback' | 'recalibration' | 'retired';

const acts: Record<ModelStage, readonly Act[]> = {
  registered: ['shadow_started', 'promotion', 'recalibration', 'retired'],
  shadow: ['promotion', 'shadow_stopped', 'recalibration', 'retired'],
  active: ['suspended', 'rollback', 'recalibration'],
  suspended: ['resumed', 'rollback', 'recalibration'],
  retired: [],
};

/** The acts that fit a model's stage, the likeliest first. While a promotion is open, no second one is asked for. */
export function actsOf(stage: ModelStage, isPromotionOpen: boolean): Act[] {
  return acts[stage].filter((act) => act !== 'promotion' || !isPromotionOpen);
}

/** Whether a model in this stage scores cases, aloud or silently. */
export function scores(stage: ModelStage): boolean {
  return stage === 'active' || stage === 'suspended' || stage === 'shadow';
}

const places: ModelStage[] = ['active', 'suspended', 'shadow', 'registered', 'retired'];

/** The models, those that score first, newer before older. */
export function inOrder(models: readonly Model[]): Model[] {
  return [...models].sort(
    (a, b) => places.indexOf(a.stage) - places.indexOf(b.stage) || b.created_at.localeCompare(a.created_at),
  );
}

/** The promotion that waits for a decision; there is never more than one. */
export function openPromotion(promotions: readonly Promotion[]): Promotion | undefined {
  return promotions.find((each) => each.decision == null);
}

/** What a person may decide: a second one approves or declines, whoever asked takes it back. */
export function decisionsOf(promotion: Promotion, userId: string, role: string): ('approved' | 'declined' | 'withdrawn')[] {
  if (role !== 'tech' && role !== 'doctor') return [];
  return promotion.requested_by === userId ? ['withdrawn'] : ['approved', 'declined'];
}

/** The figures that stay with a promotion; none where no model was at work when it was asked for. */
export function comparisonOf(value: unknown): Comparison | undefined {
  const isThere = typeof value === 'object' && value !== null && 'answers' in value && 'first' in value;
  return isThere ? (value as Comparison) : undefined;
}

/** The name and version of a model by its identifier, or the identifier's end where it is not listed. */
export function nameOf(models: readonly Model[], modelId: string | null | undefined): string {
  const model = models.find((each) => each.model_id === modelId);
  return model ? `${model.model_name} ${model.version}` : `…${(modelId ?? '').slice(-6)}`;
}

/** The first moment of a local day such as `2026-11-24`, for a request; `days` later where it is the end. */
export function momentOf(day: string, days = 0): string | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (!year || !month || !date) return undefined;
  return new Date(year, month - 1, date + days).toISOString();
}

/** Counts as shares of their sum; all zero where nothing was counted. */
export function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total > 0 ? count / total : 0));
}

/** The bins of a reliability curve that hold cases. */
export function reliabilityPoints(bins: readonly CalibrationBin[]): { predicted: number; observed: number; cases: number }[] {
  return bins
    .filter((bin) => bin.cases > 0)
    .map((bin) => ({ predicted: bin.mean_probability, observed: bin.positive_share, cases: bin.cases }));
}

/** Sensitivity and specificity of each day at one threshold, oldest first. */
export function trendOf(days: readonly DayStanding[], point: 'flagged' | 'high') {
  return [...days].reverse().map(({ day, standing: { figures } }) => ({
    day,
    sensitivity: figures[point].sensitivity?.value ?? null,
    specificity: figures[point].specificity?.value ?? null,
    auroc: point === 'flagged' ? (figures.auroc ?? null) : null,
  }));
}
