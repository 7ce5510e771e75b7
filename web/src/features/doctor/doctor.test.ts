import { describe, expect, it } from 'vitest';
import type { QueueItem, QueueSummary, Review } from '@/api/types';
import { readDocument } from '../viewer/documents';
import { countOf, nextCase, passes } from './queue';
import { emptyForm, fieldsOf, formOf, missingIn } from './review';

const item = (report_id: string, part: Partial<QueueItem> = {}): QueueItem => ({
  report_id,
  patient_id: 'p',
  patient_name: 'n',
  study_type: 'chest_xray',
  upload_date: '2026-01-01T00:00:00Z',
  due_at: '2026-01-01T01:00:00Z',
  is_overdue: false,
  priority_order: 1,
  identity_disagreement: [],
  identity_confirmed: false,
  ...part,
});

describe('the queue', () => {
  it('goes on with the next free case below, then from the top', () => {
    const queue = [item('a'), item('b'), item('c', { claimed_by: 'other' }), item('d')];
    expect(nextCase(queue, 'b', 'me')).toBe('d');
    expect(nextCase(queue, 'd', 'me')).toBe('a');
    expect(nextCase([item('a')], 'a', 'me')).toBeUndefined();
    expect(nextCase([item('a'), item('b', { claimed_by: 'me' })], 'a', 'me')).toBe('b');
    expect(nextCase(queue, 'gone', 'me')).toBe('a');
  });

  it('filters by class, by wait and by claim', () => {
    expect(passes(item('a', { risk_score: null }), 'unscored')).toBe(true);
    expect(passes(item('a', { risk_score: 'high' }), 'high')).toBe(true);
    expect(passes(item('a', { risk_score: 'high' }), 'low')).toBe(false);
    expect(passes(item('a', { is_overdue: true }), 'overdue')).toBe(true);
    expect(passes(item('a', { claimed_by: 'x' }), 'free')).toBe(false);
    const summary: QueueSummary = { total: 9, high: 2, unscored: 3, medium: 3, low: 1, overdue: 4, claimed: 5 };
    expect(['all', 'high', 'overdue', 'free'].map((filter) => countOf(summary, filter as 'all'))).toEqual([9, 2, 4, 4]);
  });
});

describe('the review', () => {
  it('survives the way to the server and back', () => {
    const form = {
      ...emptyForm,
      verdict: 'disagree' as const,
      reason: 'missed' as const,
      reasonText: 'left base: small',
      rating: 2,
      risk: 'high' as const,
      urgency: 'urgent' as const,
      findings: 'Opacity',
      followUp: true,
      followUpDate: '2030-01-01',
      medication: [{ name: 'Amoxicillin', dose: '3 × 500 mg' }],
    };
    const fields = fieldsOf(form);
    expect(fields.ai_disagreement_reason).toBe('missed: left base: small');
    expect(formOf({ ...(fields as unknown as Review), follow_up_required: true })).toEqual(form);
  });

  it('sends nothing for what is empty', () => {
    expect(fieldsOf({ ...emptyForm, findings: '  ', medication: [{ name: ' ', dose: '1' }] })).toMatchObject({
      clinical_findings: null,
      medication_prescribed: null,
      confirmed_ai_diagnosis: null,
      ai_accuracy_rating: null,
      follow_up_date: null,
    });
  });

  it('cannot be signed before it is complete', () => {
    expect(missingIn(emptyForm, true, '2026-01-01')).toEqual(['findings', 'verdict', 'risk', 'urgency']);
    expect(missingIn(emptyForm, false, '2026-01-01')).toEqual(['findings', 'risk', 'urgency']);
    const done = { ...emptyForm, findings: 'x', verdict: 'disagree', risk: 'low', urgency: 'routine' } as const;
    expect(missingIn(done, true, '2026-01-01')).toEqual(['reason']);
    expect(missingIn({ ...done, reason: 'other' }, true, '2026-01-01')).toEqual([]);
    expect(
      missingIn({ ...done, verdict: 'agree', followUp: true, followUpDate: '2025-12-31' }, true, '2026-01-01'),
    ).toEqual(['followUpDate']);
  });
});

describe('stored marks', () => {
  const mark = { id: '1', tool: 'Length', image: 'i', points: [[1, 2, 0]] };
  it('are read, and what is not of the form is left out', () => {
    expect(readDocument({ version: 1, marks: [mark, { ...mark, points: [[1, 'x', 0]] }, null, { tool: 3 }] })).toEqual([
      mark,
    ]);
    for (const content of [null, 'x', {}, { version: 2, marks: [mark] }]) expect(readDocument(content)).toEqual([]);
  });
});
