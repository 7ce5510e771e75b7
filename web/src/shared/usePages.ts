import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';

interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** A list of the server, page by page. */
export function usePages<T>(queryKey: readonly unknown[], fetchPage: (cursor: string | undefined) => Promise<Page<T>>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage(pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) };
}
