import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { homeOf, meQuery, rememberSignedIn } from '@/app/session';

/** Goes on into the portal after a successful sign-in or sign-up. */
export function useEnter() {
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ strict: false }) as { next?: string };
  return async () => {
    rememberSignedIn(true);
    const me = await client.fetchQuery({ ...meQuery, staleTime: 0 });
    await router.invalidate();
    if (next) await router.navigate({ href: next, replace: true });
    else await router.navigate({ to: homeOf(me.user.role), replace: true });
  };
}
