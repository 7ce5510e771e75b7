import { expect, it } from 'vitest';
import { countdown, waitSince } from './wait';

const now = Date.parse('2026-03-01T12:00:00Z');
const ago = (minutes: number) => new Date(now - minutes * 60_000);

it('counts minutes, then hours, then days', () => {
  expect(waitSince(ago(0.9), now)).toEqual({ unit: 'minutes', value: 0 });
  expect(waitSince(ago(119), now)).toEqual({ unit: 'minutes', value: 119 });
  expect(waitSince(ago(120), now)).toEqual({ unit: 'hours', value: 2 });
  expect(waitSince(ago(47 * 60 + 59), now)).toEqual({ unit: 'hours', value: 47 });
  expect(waitSince(ago(48 * 60), now)).toEqual({ unit: 'days', value: 2 });
});

it('never waits less than nothing when clocks disagree', () => {
  expect(waitSince(ago(-5), now)).toEqual({ unit: 'minutes', value: 0 });
});

it('counts down to the second', () => {
  expect(countdown(now + 125_000, now)).toBe('2:05');
  expect(countdown(now + 1, now)).toBe('0:01');
  expect(countdown(now - 1000, now)).toBe('0:00');
});
