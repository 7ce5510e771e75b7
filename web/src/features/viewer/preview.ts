import type { Frame } from './frames';
import type { FrameDescription } from './window';

/** The size of the film in a pane: as large as fits, as the viewer places it when it opens it. */
export function fitted(
  film: { width: number; height: number },
  spacing: { row: number; column: number } | null,
  pane: { width: number; height: number },
): { width: number; height: number } {
  const wide = film.width * (spacing?.column ?? 1);
  const high = film.height * (spacing?.row ?? 1);
  const scale = Math.min(pane.width / wide, pane.height / high);
  return { width: wide * scale, height: high * scale };
}

/** The grey level of each value by the film's own window (PS3.3 C.11.2.1.2.1), turned round for a negative. */
export function grey(value: number, { window, inverted }: FrameDescription): number {
  const width = Math.max(1, window.width);
  const level = width === 1 ? (value > window.center - 0.5 ? 1 : 0) : (value - window.center + 0.5) / (width - 1) + 0.5;
  const shown = Math.min(1, Math.max(0, level));
  return Math.round(255 * (inverted ? 1 - shown : shown));
}

/** Grey levels by value, for whole numbers of at most 16 bits. */
function levels(description: FrameDescription, signed: boolean): Uint8Array {
  const offset = signed ? 32768 : 0;
  const table = new Uint8Array(65536);
  for (let at = 0; at < table.length; at++) table[at] = grey(at - offset, description);
  return table;
}

/** A picture of a film of 8 bits a channel, red, green, blue and opacity: each pixel is the film's nearest one. */
export function picture(frame: Frame, width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const { description, values } = frame;
  const { channels } = description;
  const pixels = new Uint8ClampedArray(width * height * 4);
  const words = new Uint32Array(pixels.buffer);
  const whole = !(values instanceof Float32Array);
  const signed = values instanceof Int16Array;
  const table = channels === 1 && whole ? levels(description, signed) : null;
  const columns = Uint32Array.from(
    { length: width },
    (_, x) => Math.min(description.width - 1, Math.floor(((x + 0.5) * description.width) / width)) * channels,
  );
  for (let y = 0; y < height; y++) {
    const line = Math.min(description.height - 1, Math.floor(((y + 0.5) * description.height) / height));
    const begin = line * description.width * channels;
    for (let x = 0; x < width; x++) {
      const at = begin + (columns[x] as number);
      const value = values[at] as number;
      let [red, green, blue] = [value, value, value];
      if (channels === 3) [green, blue] = [values[at + 1] as number, values[at + 2] as number];
      else red = green = blue = table ? (table[signed ? value + 32768 : value] as number) : grey(value, description);
      words[y * width + x] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
    }
  }
  return pixels;
}
