import { lazy, Suspense } from 'react';
import type { SecondFactorNeeded, SignedIn } from '@/api/types';

// Loaded when somebody has a second factor to show, so that the first load has no QR code in it.
const Card = lazy(() => import('./SecondStep').then((module) => ({ default: module.SecondStepCard })));

/** Whether a right password was not enough. */
export function isWaiting(answer: SignedIn | SecondFactorNeeded): answer is SecondFactorNeeded {
  return 'challenge' in answer;
}

/** The second step on a page of its own. */
export function SecondStepCard(props: { needed: SecondFactorNeeded; onOver: () => void }) {
  return (
    <Suspense fallback={null}>
      <Card {...props} />
    </Suspense>
  );
}
