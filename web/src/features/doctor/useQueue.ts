import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, take } from '@/api/client';
import type { QueueItem, QueueSummary } from '@/api/types';

/** Rows a page: the most that the server gives. */
const PAGE = 200;

/** The reading queue as far as it has been loaded, renewed whenever the server says that it changed. */
export function useQueue() {
  const query = useInfiniteQuery({
    queryKey: ['queue'],
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
