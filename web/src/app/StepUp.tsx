import { lazy, Suspense, useEffect, useState } from 'react';
import { onStepUp } from '@/api/stepUp';

const Proof = lazy(() => import('./StepUpProof').then((module) => ({ default: module.Proof })));

/** Asks for a proof when the server wants one; what was being done goes on by itself afterwards. */
export function StepUp() {
  const [answer, setAnswer] = useState<((proved: boolean) => void) | null>(null);
  useEffect(() => onStepUp(() => new Promise((resolve) => setAnswer(() => resolve))), []);
  if (!answer) return null;
  return (
    <Suspense fallback={null}>
      <Proof
        onDone={(proved) => {
          setAnswer(null);
          answer(proved);
        }}
      />
    </Suspense>
  );
}
