import { describe, expect, it } from 'vitest';
import { valuesOf } from './frames';
import { spacingOf } from './spacing';
import { carryOver, clampWindow, type FrameDescription, presetWindow, rangeOf, valueRange, windowOf } from './window';

const base = { center: 2000, width: 4000 };
const frame = (part: Partial<FrameDescription>): FrameDescription => ({
  width: 2,
  height: 2,
  channels: 1,
  bits_allocated: 16,
  bits_stored: 12,
  signed: false,
  inverted: false,
  slope: 1,
  intercept: 0,
  lowest: 0,
  highest: 4095,
  window: base,
  windows: [],
  ...part,
});

describe('windows', () => {
  it('go to a range and back', () => {
    expect(rangeOf(base)).toEqual({ lower: 0, upper: 4000 });
    expect(windowOf(rangeOf({ center: 17, width: 5 }))).toEqual({ center: 17, width: 5 });
  });

  it('put the lung preset into the dark part and bone into the bright one', () => {
    expect(presetWindow(base, 'lung', false).center).toBeLessThan(base.center);
    expect(presetWindow(base, 'bone', false).center).toBeGreaterThan(base.center);
    expect(presetWindow(base, 'soft', false).width).toBeGreaterThan(base.width);
    expect(presetWindow(base, 'default', false)).toEqual(base);
  });

  it('turn the presets round where low values are white', () => {
    const below = base.center - presetWindow(base, 'lung', false).center;
    const above = presetWindow(base, 'lung', true).center - base.center;
    expect(above).toBeCloseTo(below);
  });

  it('carry a change over to a film of another range', () => {
    const other = { center: 100, width: 200 };
    expect(carryOver(base, base, other)).toEqual(other);
    expect(carryOver({ center: 3000, width: 2000 }, base, other)).toEqual({ center: 150, width: 100 });
  });

  it('stay near the values of the film', () => {
    const range = { lowest: 0, highest: 1000 };
    expect(clampWindow({ center: 99_999, width: 0 }, range)).toEqual({ center: 1500, width: 1 });
    expect(clampWindow({ center: -99_999, width: 99_999 }, range)).toEqual({ center: -500, width: 3000 });
  });

  it('know the range of values when the slope is negative', () => {
    expect(valueRange(frame({ slope: -2, intercept: 10, lowest: 0, highest: 100 }))).toEqual({
      lowest: -190,
      highest: 10,
    });
  });
});

describe('samples', () => {
  it('are little endian, with their sign', () => {
    const bytes = new Uint8Array([0xff, 0xff, 0x01, 0x00, 0x00, 0x80, 0x34, 0x12]).buffer;
    expect([...valuesOf(bytes, frame({}))]).toEqual([65_535, 1, 32_768, 0x1234]);
    expect([...valuesOf(bytes, frame({ signed: true }))]).toEqual([-1, 1, -32_768, 0x1234]);
  });

  it('are rescaled where the film says so', () => {
    const bytes = new Uint8Array([0, 1, 2, 3]).buffer;
    expect([...valuesOf(bytes, frame({ bits_allocated: 8, slope: 2, intercept: -1 }))]).toEqual([-1, 1, 3, 5]);
  });

  it('are refused when their number is not that of the pixels', () => {
    expect(() => valuesOf(new ArrayBuffer(6), frame({}))).toThrow(/8 bytes, but 6/);
  });
});

describe('spacing', () => {
  it('comes from the patient’s plane first', () => {
    expect(spacingOf({ '00280030': { vr: 'DS', Value: [0.2, 0.3] } })).toEqual({
      row: 0.2,
      column: 0.3,
      at: 'patient',
    });
  });

  it('is the detector’s when nobody has corrected it', () => {
    const detector = { vr: 'DS', Value: [0.15, 0.15] };
    expect(spacingOf({ '00181164': detector })?.at).toBe('detector');
    expect(spacingOf({ '00181164': detector, '00280030': detector })?.at).toBe('detector');
  });

  it('is none where it is 0, broken or absent', () => {
    expect(spacingOf({ '00280030': { Value: [0, 0] } })).toBeNull();
    expect(spacingOf({ '00280030': { Value: ['x', 1] } })).toBeNull();
    expect(spacingOf({ '00280030': { Value: [1] } })).toBeNull();
    expect(spacingOf(null)).toBeNull();
  });
});
