/** A window on the values of a film: the value of middle grey, and the span from black to white. */
export interface Window {
  center: number;
  width: number;
}

/** What `Portal-Frame` says of a frame (see `FrameDescription` in the server's crate `imaging`). */
export interface FrameDescription {
  width: number;
  height: number;
  channels: number;
  bits_allocated: number;
  bits_stored: number;
  signed: boolean;
  /** The lowest value is white. */
  inverted: boolean;
  slope: number;
  intercept: number;
  lowest: number;
  highest: number;
  window: Window & { function?: 'linear' | 'linear_exact' | 'sigmoid' };
  windows: Window[];
}

export type Preset = 'lung' | 'bone' | 'soft' | 'default';

/** The span of values of a frame, after slope and intercept. */
export function valueRange(frame: Pick<FrameDescription, 'lowest' | 'highest' | 'slope' | 'intercept'>): {
  lowest: number;
  highest: number;
} {
  const ends = [frame.lowest, frame.highest].map((sample) => sample * frame.slope + frame.intercept);
  return { lowest: Math.min(...ends), highest: Math.max(...ends) };
}

/**
 * A preset for a chest film. Radiographs have no Hounsfield units, so presets are made of the film's own window:
 * lungs sit in its dark part, bone in its bright part; soft tissue takes a wider span.
 */
export function presetWindow(base: Window, preset: Preset, inverted: boolean): Window {
  const brighter = inverted ? -1 : 1;
  switch (preset) {
    case 'lung':
      return { center: base.center - brighter * 0.15 * base.width, width: base.width * 0.7 };
    case 'bone':
      return { center: base.center + brighter * 0.2 * base.width, width: base.width * 0.7 };
    case 'soft':
      return { center: base.center + brighter * 0.05 * base.width, width: base.width * 1.4 };
    case 'default':
      return { ...base };
  }
}

/** Black and white as values (PS3.3 C.11.2.1.2.1 without its half steps, as the viewer's shader takes them). */
export function rangeOf({ center, width }: Window): { lower: number; upper: number } {
  return { lower: center - width / 2, upper: center + width / 2 };
}

/** The window between two values. */
export function windowOf({ lower, upper }: { lower: number; upper: number }): Window {
  return { center: (lower + upper) / 2, width: Math.max(upper - lower, 1e-6) };
}

/** The same change of brightness and contrast on another film: in parts of each film's own window. */
export function carryOver(current: Window, base: Window, otherBase: Window): Window {
  return {
    center: otherBase.center + ((current.center - base.center) / base.width) * otherBase.width,
    width: (current.width / base.width) * otherBase.width,
  };
}

/** Keeps a window inside what makes sense for a film. */
export function clampWindow(window: Window, range: { lowest: number; highest: number }): Window {
  const span = Math.max(range.highest - range.lowest, 1);
  return {
    center: Math.min(range.highest + span / 2, Math.max(range.lowest - span / 2, window.center)),
    width: Math.min(span * 3, Math.max(span / 1000, window.width)),
  };
}
