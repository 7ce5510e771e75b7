import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import type { Me, Role } from '@/api/types';

/** Whether this browser was signed in when it was last used, so that a visitor is not asked for a session in vain. */
const HINT = 'portal-signed-in';

/** The browser's database of films that are on their way; only the upload page reads it. */
export const UPLOADS_DATABASE = 'portal-uploads';

/** Leaves no film in the browser when somebody signs out. */
export function forgetUploads(): void {
  indexedDB.deleteDatabase(UPLOADS_DATABASE);
}

export function rememberSignedIn(signedIn: boolean): void {
  if (signedIn) localStorage.setItem(HINT, '1');
  else localStorage.removeItem(HINT);
}

export function wasSignedIn(): boolean {
  return localStorage.getItem(HINT) === '1';
}

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: (): Promise<Me> => take(api.GET('/api/auth/me')),
  staleTime: 60_000,
  retry: false,
});

/** Who is signed in; only below the signed-in part of the router. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** The page that a role begins its work on. */
export function homeOf(role: Role): '/results' | '/upload' | '/queue/{-$reportId}' | '/system' {
  switch (role) {
    case 'patient':
      return '/results';
    case 'radiologist':
      return '/upload';
    case 'doctor':
      return '/queue/{-$reportId}';
    case 'tech':
      return '/system';
  }
}
