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

async function fetchFrame(address: string, signal: AbortSignal): Promise<Frame> {
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

interface Request {
  promise: Promise<Frame>;
  stop: AbortController;
  settled: boolean;
}

/** As many as one case is likely to need: its film and some to compare it with. The viewer holds the same samples. */
const MOST = 4;
const requests = new Map<string, Request>();

/**
 * A frame, fetched once for all that ask for it: for the preview, and for the viewer, whose program may come later than
 * the film. The last few are held; older ones that are still on their way are called off.
 */
export function requestFrame(address: string): Promise<Frame> {
  const known = requests.get(address);
  if (known) {
    // Asked for last, let go of last.
    requests.delete(address);
    requests.set(address, known);
    return known.promise;
  }
  const stop = new AbortController();
  const request: Request = { promise: fetchFrame(address, stop.signal), stop, settled: false };
  request.promise.then(
    () => {
      request.settled = true;
    },
    // The next one who asks tries anew.
    () => requests.get(address) === request && requests.delete(address),
  );
  requests.set(address, request);
  for (const [oldest, { stop }] of requests) {
    if (requests.size <= MOST) break;
    stop.abort();
    requests.delete(oldest);
  }
  return request.promise;
}

/** Lets go of the frames that have come; those on their way belong to the case that is opened next. */
export function releaseFrames(): void {
  for (const [address, { settled }] of requests) if (settled) requests.delete(address);
}
