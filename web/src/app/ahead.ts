import { wasSignedIn } from './session';

/**
 * Fetches what the page of this address needs while it is still being asked who is signed in: programs only, no data.
 * For a link into a case, where one thing would otherwise wait for the other four times.
 */
export function fetchAhead(path: string): void {
  if (!wasSignedIn() || !/^\/queue\/./.test(path)) return;
  const ignore = () => undefined;
  void import('@/features/doctor/ReadingRoom').catch(ignore);
  void import('@/features/doctor/CaseView').catch(ignore);
  void import('@/features/viewer/ahead').then(({ loadStage }) => loadStage()).catch(ignore);
}
