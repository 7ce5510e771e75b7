import { describe, expect, it } from 'vitest';
import type { AuditLog } from '@/api/types';
import { csvCell, csvOf, queryOf } from './audit';
import { fieldsOfValue, putAt } from './settingValue';

describe('the audit export', () => {
  it('quotes what must be quoted', () => {
    expect(csvCell('a,"b"')).toBe('"a,""b"""');
    expect(csvCell({ a: 1 })).toBe('"{""a"":1}"');
    expect(csvCell(null)).toBe('');
  });

  it('never writes a formula', () => {
    expect(csvCell('=1+1')).toBe("'=1+1");
    expect(csvCell('@x')).toBe("'@x");
  });

  it('has a head and a line a row', () => {
    const row = { log_id: '1', action: 'sign_in', entity_type: 'user', status: 'success', created_at: 't' } as AuditLog;
    const lines = csvOf([row]).split('\r\n');
    expect(lines[0]).toMatch(/^created_at,user_id/);
    expect(lines[1]).toBe('t,,,sign_in,user,,success,,,,,');
  });

  it('leaves an identifier out until it is whole', () => {
    const filter = { action: '', entity_type: '', status: '', user_id: '0199', entity_id: '', from: '', until: '' };
    expect(queryOf(filter).user_id).toBeUndefined();
    const id = '01a20cd6-44dd-7667-8176-ac305cfccc3c';
    expect(queryOf({ ...filter, user_id: ` ${id} ` }).user_id).toBe(id);
  });
});

describe('a setting', () => {
  const value = { high: 60, nested: { text: 'x', lines: ['a', 'b'] } };
  it('is edited part by part', () => {
    expect(fieldsOfValue(value)).toEqual([
      { path: ['high'], value: 60 },
      { path: ['nested', 'text'], value: 'x' },
      { path: ['nested', 'lines'], value: ['a', 'b'] },
    ]);
    expect(putAt(value, ['nested', 'text'], 'y')).toEqual({ high: 60, nested: { text: 'y', lines: ['a', 'b'] } });
    expect(putAt(5, [], 6)).toBe(6);
    expect(value.nested.text).toBe('x');
  });
});
