import { describe, expect, it } from 'vitest';
import type { Frame } from './frames';
import { fitted, grey, picture } from './preview';
import type { FrameDescription } from './window';

const description: FrameDescription = {
  width: 4,
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
  window: { center: 2048, width: 4096 },
  windows: [],
};
const frame = (values: Frame['values'], part: Partial<FrameDescription> = {}): Frame => ({
  values,
  description: { ...description, ...part },
});
const greys = (pixels: Uint8ClampedArray) => [...pixels].filter((_, at) => at % 4 === 0);

describe('the preview', () => {
  it('is as large as fits, by the true shape of the pixels', () => {
    const film = { width: 2000, height: 1000 };
    expect(fitted(film, null, { width: 500, height: 500 })).toEqual({ width: 500, height: 250 });
    expect(fitted(film, { row: 0.2, column: 0.1 }, { width: 500, height: 400 })).toEqual({ width: 400, height: 400 });
  });

  it('goes from black to white through the window, and the other way for a negative', () => {
    expect(grey(0, description)).toBe(0);
    expect(grey(4095, description)).toBe(255);
    expect(grey(2048, description)).toBe(128);
    expect(grey(0, { ...description, inverted: true })).toBe(255);
    expect(grey(9, { ...description, window: { center: 10, width: 1 } })).toBe(0);
    expect(grey(10, { ...description, window: { center: 10, width: 1 } })).toBe(255);
  });

  it('shows each sample where it lies, of every kind of number', () => {
    const samples = [0, 4095, 0, 4095, 4095, 0, 4095, 0];
    const expected = samples.map((value) => (value === 0 ? 0 : 255));
    expect(greys(picture(frame(new Uint16Array(samples)), 4, 2))).toEqual(expected);
    expect(greys(picture(frame(new Float32Array(samples)), 4, 2))).toEqual(expected);
    const signed = new Int16Array(samples.map((value) => value - 2048));
    const centred = { signed: true, window: { center: 0, width: 4096 } };
    expect(greys(picture(frame(signed, centred), 4, 2))).toEqual(expected);
    // Twice as large: each sample four times.
    expect(greys(picture(frame(new Uint16Array(samples)), 8, 4)).slice(0, 8)).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
  });

  it('keeps colours, and is opaque', () => {
    const colours = frame(new Uint8Array([255, 0, 0, 0, 0, 255]), { width: 2, height: 1, channels: 3, bits_allocated: 8 });
    expect([...picture(colours, 2, 1)]).toEqual([255, 0, 0, 255, 0, 0, 255, 255]);
  });
});
