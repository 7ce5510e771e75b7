import { describe, expect, it } from 'vitest';
import type { DayStanding, Model, ModelStage, Promotion } from '@/api/types';
import {
  actsOf,
  comparisonOf,
  decisionsOf,
  inOrder,
  momentOf,
  nameOf,
  openPromotion,
  reliabilityPoints,
  sharesOf,
  trendOf,
} from './governance';
import { cardOf } from './modelCard';

const model = (stage: ModelStage, version: string) =>
  ({ model_id: `id-${version}`, model_name: 'chest', version, stage, created_at: `2026-01-0${version}` }) as Model;
const promotion = (part: Partial<Promotion>) => ({ promotion_id: 'p', requested_by: 'tess', ...part }) as Promotion;

describe('the acts on a model', () => {
  it('fit its stage', () => {
    expect(actsOf('registered', false)).toContain('shadow_started');
    expect(actsOf('shadow', false)).toContain('shadow_stopped');
    expect(actsOf('active', false)).toEqual(expect.arrayContaining(['suspended', 'rollback']));
    expect(actsOf('active', false)).not.toContain('retired');
    expect(actsOf('suspended', false)).toContain('resumed');
    expect(actsOf('retired', false)).toEqual([]);
  });

  it('hold no second promotion while one is open', () => {
    expect(actsOf('shadow', false)).toContain('promotion');
    expect(actsOf('shadow', true)).not.toContain('promotion');
  });
});

describe('models', () => {
  it('are listed by what they do, newer before older', () => {
    const models = [model('retired', '1'), model('registered', '2'), model('active', '3'), model('registered', '4')];
    expect(inOrder(models).map(({ version }) => version)).toEqual(['3', '4', '2', '1']);
    expect(models[0]?.version).toBe('1');
  });

  it('are called by name, or by the end of their identifier', () => {
    expect(nameOf([model('active', '1')], 'id-1')).toBe('chest 1');
    expect(nameOf([], '01a20cd6-44dd-7667-8176-ac305cfccc3c')).toBe('…fccc3c');
  });

  it('show of a manifest what is there', () => {
    expect(cardOf({ model_config: {} as never })).toMatchObject({ auroc: undefined, thresholds: undefined });
    const manifest = { head: { thresholds: { medium: 0.3, high: 0.9 } }, evaluation: { auroc: 0.99 } };
    expect(cardOf({ model_config: { manifest } as never })).toMatchObject({
      auroc: 0.99,
      thresholds: { medium: 0.3, high: 0.9 },
    });
    expect(cardOf({ model_config: manifest as never }).auroc).toBe(0.99);
  });
});

describe('a promotion', () => {
  it('is open until it is decided', () => {
    const open = promotion({ decision: null });
    expect(openPromotion([promotion({ decision: 'declined' }), open])).toBe(open);
    expect(openPromotion([promotion({ decision: 'approved' })])).toBeUndefined();
  });

  it('is decided by a second person of tech or a doctor, and withdrawn by whoever asked', () => {
    expect(decisionsOf(promotion({}), 'tess', 'tech')).toEqual(['withdrawn']);
    expect(decisionsOf(promotion({}), 'dora', 'doctor')).toEqual(['approved', 'declined']);
    expect(decisionsOf(promotion({ requested_by: null }), 'tess', 'tech')).toEqual(['approved', 'declined']);
    expect(decisionsOf(promotion({}), 'rita', 'radiologist')).toEqual([]);
  });

  it('may lack figures, where no model was at work', () => {
    expect(comparisonOf({})).toBeUndefined();
    expect(comparisonOf(null)).toBeUndefined();
    expect(comparisonOf({ answers: [], first: {}, cases: 0 })).toBeDefined();
  });
});

describe('figures', () => {
  it('become shares, also of nothing', () => {
    expect(sharesOf([1, 3])).toEqual([0.25, 0.75]);
    expect(sharesOf([0, 0])).toEqual([0, 0]);
  });

  it('leave empty bins out of the reliability curve', () => {
    const bins = [
      { from: 0, cases: 4, mean_probability: 0.05, positive_share: 0.25 },
      { from: 0.1, cases: 0, mean_probability: 0, positive_share: 0 },
    ];
    expect(reliabilityPoints(bins)).toEqual([{ predicted: 0.05, observed: 0.25, cases: 4 }]);
  });

  it('run from the oldest day to the newest, with gaps where nothing was counted', () => {
    const rate = (value: number) => ({ value, count: 1, of: 1, interval: { low: 0, high: 1 } });
    const day = (name: string, sensitivity: number | null) =>
      ({
        day: name,
        standing: {
          figures: { flagged: { sensitivity: sensitivity === null ? null : rate(sensitivity) }, high: {}, auroc: 0.9 },
        },
      }) as unknown as DayStanding;
    expect(trendOf([day('2026-01-02', 0.8), day('2026-01-01', null)], 'flagged')).toEqual([
      { day: '2026-01-01', sensitivity: null, specificity: null, auroc: 0.9 },
      { day: '2026-01-02', sensitivity: 0.8, specificity: null, auroc: 0.9 },
    ]);
    expect(trendOf([day('2026-01-02', 0.8)], 'high')[0]?.auroc).toBeNull();
  });
});

describe('a day of a training set', () => {
  it('begins at midnight here, and its end is the next midnight', () => {
    expect(momentOf('')).toBeUndefined();
    const begin = new Date(momentOf('2026-11-24') as string);
    const end = new Date(momentOf('2026-11-24', 1) as string);
    expect([begin.getFullYear(), begin.getMonth(), begin.getDate(), begin.getHours()]).toEqual([2026, 10, 24, 0]);
    expect([end.getDate(), end.getHours()]).toEqual([25, 0]);
    expect(new Date(momentOf('2026-12-31', 1) as string).getFullYear()).toBe(2027);
  });
});
