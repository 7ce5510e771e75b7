import { sessionLost } from '@/api/client';
import { problemOf } from '@/api/problem';
import type { FrameDescription } from './window';

/** A decoded frame. */
export interface Frame {
  description: FrameDescription;
  /** Values after slope and intercept for grey frames, interleaved red, green, blue for colour ones. */
  values: Uint8Array | Uint16Array | Int16Array | Float32Array;
}

/** The address of a frame, also the name by which the viewer knows the image. */
export function frameAddress(reportId: string, imageId: string, frame = 1): string {
  return `/api/reports/${reportId}/images/${imageId}/frames/${frame}`;
}

/** The samples of a body as values: as they are, or rescaled where the film says so. */
export function valuesOf(body: ArrayBuffer, description: FrameDescription): Frame['values'] {
  const { channels, bits_allocated: bits, signed, slope, intercept, width, height } = description;
  const expected = (width * height * channels * bits) / 8;
  if (body.byteLength !== expected) {
    throw new Error(`a frame of ${width} × ${height} must have ${expected} bytes, but ${body.byteLength} came`);
  }
  const samples = bits === 8 ? new Uint8Array(body) : signed ? new Int16Array(body) : new Uint16Array(body);
  if (channels !== 1 || (slope === 1 && intercept === 0)) return samples;
  const values = new Float32Array(samples.length);
  for (let index = 0; index < samples.length; index++) values[index] = (samples[index] as number) * slope + intercept;
  return values;
}

/** Fetches a frame. */
export async function fetchFrame(address: string, signal?: AbortSignal): Promise<Frame> {
  const response = await fetch(address, { credentials: 'same-origin', signal });
  if (!response.ok) {
    const problem = problemOf(
      response.status,
      await response.json().catch(() => undefined),
      response.headers.get('x-request-id'),
    );
    if (problem.code === 'unauthenticated') sessionLost();
    throw problem;
  }
  const header = response.headers.get('Portal-Frame');
  if (!header) throw new Error('the server sent a frame without a description');
  const description = JSON.parse(header) as FrameDescription;
  return { description, values: valuesOf(await response.arrayBuffer(), description) };
}
