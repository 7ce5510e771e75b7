import { api, take } from '@/api/client';

/** Facts about the portal that anybody may know. */
export const factsQuery = {
  queryKey: ['portal'],
  queryFn: () => take(api.GET('/api/portal')),
  staleTime: Number.POSITIVE_INFINITY,
};
