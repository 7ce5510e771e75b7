import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';

/** Which lists a kind of event makes stale. */
const stale: Record<string, string[][]> = {
  queue_changed: [['queue']],
  report_changed: [['reports'], ['report']],
  notification_created: [['notifications'], ['me'], ['history']],
  operations_changed: [['jobs'], ['models'], ['ready']],
  resynchronise: [['queue'], ['reports'], ['report'], ['notifications'], ['me'], ['jobs'], ['models']],
};

const before = new Map<string, (client: QueryClient) => void>();

/** Has something done before a list is renewed because the server says that it changed. */
export function beforeRenewal(list: string, act: (client: QueryClient) => void): void {
  before.set(list, act);
}

let live = false;
const listeners = new Set<() => void>();
function setLive(next: boolean): void {
  if (live === next) return;
  live = next;
  for (const listener of listeners) listener();
}

/** Whether changes arrive by themselves at the moment. */
export function useIsLive(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => live,
  );
}

/** Follows the server's events and renews what they concern. One stream for the whole screen. */
export function useLiveEvents(session: string): void {
  const client = useQueryClient();
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted = true;
    let waiting = new Set<string>();
    let flush: ReturnType<typeof setTimeout> | undefined;
    let opened = false;

    const renew = (kind: string) => {
      for (const key of stale[kind] ?? []) waiting.add(JSON.stringify(key));
      // Bursts are gathered for a moment: an upload of twenty films renews each list once.
      flush ??= setTimeout(() => {
        const keys = waiting;
        waiting = new Set();
        flush = undefined;
        for (const key of keys) {
          const queryKey = JSON.parse(key) as string[];
          before.get(queryKey[0] ?? '')?.(client);
          void client.invalidateQueries({ queryKey });
        }
      }, 150);
    };
    const open = () => {
      source = new EventSource('/api/events');
      source.onopen = () => {
        setLive(true);
        // After a break anything may have been missed.
        if (opened) renew('resynchronise');
        opened = true;
      };
      source.onerror = () => {
        setLive(false);
        // A browser gives up on some errors; then it is tried anew from here.
        if (source?.readyState === EventSource.CLOSED && wanted) timer = setTimeout(open, 3000);
      };
      for (const kind of Object.keys(stale)) source.addEventListener(kind, () => renew(kind));
    };
    // A cut line is only noticed by the browser itself; the stream would seem to live on.
    const cut = () => setLive(false);
    const back = () => {
      source?.close();
      clearTimeout(timer);
      open();
    };
    addEventListener('offline', cut);
    addEventListener('online', back);
    open();
    return () => {
      removeEventListener('offline', cut);
      removeEventListener('online', back);
      wanted = false;
      clearTimeout(timer);
      clearTimeout(flush);
      source?.close();
      setLive(false);
    };
  }, [client, session]);
}
