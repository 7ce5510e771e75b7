import { afterEach, describe, expect, it, vi } from 'vitest';
import { releaseFrames, requestFrame } from './frames';

const description = { width: 1, height: 1, channels: 1, bits_allocated: 8, slope: 1, intercept: 0 };
function answers() {
  return vi.fn((_address: string, init: RequestInit) =>
    init.signal?.aborted
      ? Promise.reject(new Error('aborted'))
      : Promise.resolve(
          new Response(new Uint8Array([7]), { headers: { 'Portal-Frame': JSON.stringify(description) } }),
        ),
  );
}

describe('frames', () => {
  afterEach(() => {
    releaseFrames();
    vi.unstubAllGlobals();
  });

  it('are fetched once for all that ask', async () => {
    const fetch = answers();
    vi.stubGlobal('fetch', fetch);
    const [first, second] = await Promise.all([requestFrame('/a'), requestFrame('/a')]);
    expect(first).toBe(second);
    expect([...first.values]).toEqual([7]);
    expect(fetch).toHaveBeenCalledTimes(1);
    releaseFrames();
    await requestFrame('/a');
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('of cases long passed by are called off', async () => {
    const signals: AbortSignal[] = [];
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      signals.push(init.signal as AbortSignal);
      return new Promise((_, refuse) =>
        init.signal?.addEventListener('abort', () => refuse(new DOMException('', 'AbortError'))),
      );
    });
    const promises = ['/1', '/2', '/3', '/4', '/5'].map((address) => requestFrame(address));
    await expect(promises[0]).rejects.toThrow();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false, false, false, false]);
    for (const address of ['/6', '/7', '/8', '/9']) void requestFrame(address).catch(() => undefined);
    await Promise.allSettled(promises);
  });

  it('that failed are asked for anew', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no connection')));
    await expect(requestFrame('/b')).rejects.toThrow('no connection');
    vi.stubGlobal('fetch', answers());
    expect([...(await requestFrame('/b')).values]).toEqual([7]);
  });
});
