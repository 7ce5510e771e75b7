import { describe, expect, it } from 'vitest';
import { changedParts, changesOf, type HistoryParts } from './history';

const recorded = {
  conditions: ['asthma'],
  allergies: [{ name: 'dust', since: 2020 }, 'nuts'],
  medications: [],
  family_history: [],
  previous_procedures: [],
  lifestyle: { smoking: 'never' },
} as unknown as HistoryParts;

describe('a proposal', () => {
  it('says what would go and what would come, part by part', () => {
    const proposed = { allergies: ['nuts', 'pollen'], conditions: ['asthma'], lifestyle: { smoking: 'sometimes' } };
    expect(changesOf(recorded, proposed)).toEqual([
      { part: 'allergies', removed: ['name: dust, since: 2020'], added: ['pollen'] },
      { part: 'smoking', removed: ['never'], added: ['sometimes'] },
    ]);
    expect(changesOf(recorded, {})).toEqual([]);
    expect(changesOf(recorded, null)).toEqual([]);
  });

  it('holds only what was changed, and untouched entries as they are stored', () => {
    const lists = {
      conditions: 'asthma',
      allergies: 'name: dust, since: 2020\npollen',
      medications: '',
      family_history: '',
      previous_procedures: '',
    };
    const same = { smoking: 'never', alcohol: '', exercise: '' };
    expect(changedParts(recorded, lists, same)).toEqual({ allergies: [{ name: 'dust', since: 2020 }, 'pollen'] });
    expect(changedParts(recorded, { ...lists, allergies: 'name: dust, since: 2020\nnuts' }, { ...same, alcohol: 'no' })).toEqual({
      lifestyle: { smoking: 'never', alcohol: 'no', exercise: '' },
    });
  });
});
