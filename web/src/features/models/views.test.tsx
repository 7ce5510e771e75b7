import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Comparison, Model, ModelAlarm, Promotion, Role } from '@/api/types';
import { meQuery } from '@/app/session';
import { I18nProvider } from '@/i18n';
import { Alarms } from './Alarms';
import { Drift } from './Drift';
import { OpenPromotion } from './OpenPromotion';
import { Standing } from './Standing';
import './texts';

const client = new QueryClient();
const models = [
  { model_id: 'a', model_name: 'chest', version: '1' },
  { model_id: 'b', model_name: 'chest', version: '2' },
] as Model[];

/** What is shown, as a page of text. */
function shown(part: ReactNode): Document {
  const markup = renderToStaticMarkup(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <I18nProvider>{part}</I18nProvider>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return new DOMParser().parseFromString(markup, 'text/html');
}
const buttons = (page: Document) => [...page.querySelectorAll('button')].map((button) => button.textContent);
const signedIn = (id: string, role: Role) => client.setQueryData(meQuery.queryKey, { user: { id, role } } as never);

beforeEach(() => {
  client.clear();
  localStorage.setItem('portal-language', 'en');
});

describe('an open promotion', () => {
  const side = (value: number) => ({ sensitivity: { value, count: 9, of: 10, interval: { low: 0.5, high: 0.99 } } });
  const comparison = {
    model_id: 'a',
    other_model_id: 'b',
    since: '2026-11-01T00:00:00Z',
    cases: 12,
    answers: [[5, 1, 0, 0], [0, 3, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]],
    signed: 10,
    first: side(0.9),
    second: side(0.8),
    only_first_right: 1,
    only_second_right: 6,
    p_value: 0.00004,
  } as unknown as Comparison;
  const promotion = {
    promotion_id: 'p',
    model_id: 'b',
    replaces_model_id: 'a',
    requested_by: 'tess',
    requested_by_name: 'Tess',
    requested_as: 'tech',
    requested_at: '2026-11-24T10:00:00Z',
    reason: 'Fewer false alarms',
    comparison,
  } as unknown as Promotion;

  it('shows who asked, why, and the figures that stay with it', () => {
    signedIn('dora', 'doctor');
    const page = shown(<OpenPromotion promotion={promotion} models={models} />);
    const text = page.body.textContent ?? '';
    expect(text).toContain('chest 2 scores cases in place of chest 1');
    expect(text).toContain('Tess');
    expect(text).toContain('Fewer false alarms');
    expect(text).toContain('90% (50%–99%) 9 of 10');
    expect(text).toContain('p < 0.001');
    expect(page.querySelectorAll('td[data-same]')).toHaveLength(4);
  });

  it('lets a second person decide and who asked withdraw', () => {
    signedIn('dora', 'doctor');
    expect(buttons(shown(<OpenPromotion promotion={promotion} models={models} />))).toEqual(['Approve', 'Decline']);
    signedIn('tess', 'tech');
    expect(buttons(shown(<OpenPromotion promotion={promotion} models={models} />))).toEqual(['Withdraw']);
    signedIn('rita', 'radiologist');
    expect(buttons(shown(<OpenPromotion promotion={promotion} models={models} />))).toEqual([]);
  });

  it('says so where there was nothing to compare with', () => {
    signedIn('dora', 'doctor');
    const first = { ...promotion, replaces_model_id: null, comparison: {} } as unknown as Promotion;
    expect(shown(<OpenPromotion promotion={first} models={models} />).body.textContent).toContain('nothing to compare');
  });
});

describe('alarms', () => {
  const alarm = (part: Partial<ModelAlarm>) =>
    ({
      alarm_id: part.quantity,
      model_id: 'a',
      kind: 'drift',
      detail: 'exposure is spread otherwise',
      raised_at: '2026-11-24T10:00:00Z',
      last_seen_at: '2026-11-24T10:00:00Z',
      ...part,
    }) as ModelAlarm;
  const items = [alarm({ quantity: 'exposure' }), alarm({ quantity: 'scope', acknowledged_at: '2026-11-24T11:00:00Z' })];

  it('are noted by tech, once', () => {
    client.setQueryData(['models', 'alarms'], { items });
    const page = shown(<Alarms models={models} mayManage />);
    expect(page.body.textContent).toContain('chest 1: Exposure has drifted');
    expect(page.body.textContent).toContain('exposure is spread otherwise');
    expect(buttons(page)).toEqual(['Take note']);
    expect(buttons(shown(<Alarms models={models} mayManage={false} />))).toEqual([]);
  });

  it('take no room where there are none', () => {
    client.setQueryData(['models', 'alarms'], { items: [] });
    expect(shown(<Alarms models={models} mayManage />).querySelector('section')).toBeNull();
  });
});

describe('a standing', () => {
  it('says why there is none, and lets tech have it counted', () => {
    client.setQueryData(['models', 'a', 'standings'], { items: [] });
    expect(buttons(shown(<Standing modelId="a" isScoring mayManage />))).toEqual(['Count figures now']);
    expect(buttons(shown(<Standing modelId="a" isScoring mayManage={false} />))).toEqual([]);
    const silent = shown(<Standing modelId="a" isScoring={false} mayManage />);
    expect(silent.body.textContent).toContain('It scores nothing');
    expect(buttons(silent)).toEqual([]);
  });

  it('marks what has drifted in words', () => {
    const drift = { quantity: 'exposure', edges: [1], reference: [9, 1], recent: [1, 9], index: 3.4, limit: 0.3, has_drifted: true };
    const page = shown(<Drift drift={[drift]} hasReference />);
    expect(page.body.textContent).toContain('drifted');
    expect(page.body.textContent).toContain('Index 3.40, limit 0.30');
    expect(page.querySelector('svg[role=img]')?.getAttribute('aria-label')).toContain('at first: 90%, 10%; now: 10%, 90%');
    expect(shown(<Drift drift={[]} hasReference={false} />).body.textContent).toContain('No reference yet');
    expect(shown(<Drift drift={[]} hasReference />).body.textContent).toContain('Too few cases');
  });
});
