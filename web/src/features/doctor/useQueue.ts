import { keepPreviousData, type InfiniteData, type QueryClient, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, take } from '@/api/client';
import { beforeRenewal } from '@/api/events';
import type { QueueAnswer, QueueItem, QueueSummary } from '@/api/types';

/** Rows a page: the most that the server gives. */
const PAGE = 200;
const key = ['queue'];

let needed = 0;

/** Notes that the list is looked at as far as this row. */
export function needRows(last: number): void {
  needed = last;
}

/**
 * Lets go of the pages below those that are looked at. When the queue changes, all pages that are held are asked for
 * anew, one after the other, and shown when the last one is there; with thousands of cases that would take seconds.
 * What was let go comes back when it is scrolled to.
 */
function trimQueue(client: QueryClient): void {
  const keep = Math.floor(needed / PAGE) + 1;
  client.setQueryData<InfiniteData<QueueAnswer, string | null>>(key, (old) =>
    old && old.pages.length > keep
      ? { pages: old.pages.slice(0, keep), pageParams: old.pageParams.slice(0, keep) }
      : old,
  );
}

beforeRenewal('queue', trimQueue);

/** The reading queue as far as it has been loaded, renewed whenever the server says that it changed. */
export function useQueue() {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      take(
        api.GET('/api/reviews/queue', {
          params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
  });
  const items = useMemo(() => unique(query.data?.pages.flatMap((page) => page.items) ?? []), [query.data]);
  const summary: QueueSummary | undefined = query.data?.pages.at(-1)?.summary;
  return { ...query, items, summary };
}

/** A case that moved between two pages while they were loaded appears once. */
function unique(items: QueueItem[]): QueueItem[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(item.report_id) && seen.add(item.report_id));
}
