import { useCallback, useEffect, useRef, useState } from 'react';
import { api, onSessionUsed, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import { fieldsOf, type ReviewForm } from './review';

/** Milliseconds of rest after which a draft is saved. */
const REST = 1200;

/** Saves the form as a draft while it is written: after a moment of rest, and at once when the case is left. */
export function useDraft(reportId: string, form: ReviewForm) {
  const [savedAt, setSavedAt] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const saved = useRef(JSON.stringify(form));
  const latest = useRef(form);
  latest.current = form;
  const stopped = useRef(false);
  const running = useRef<Promise<void>>(Promise.resolve());

  const save = useCallback(async () => {
    const text = JSON.stringify(latest.current);
    if (stopped.current || text === saved.current) return;
    const fields = fieldsOf(latest.current);
    // A date that is still being typed is not worth a refusal.
    if (fields.follow_up_date && fields.follow_up_date < new Date().toISOString().slice(0, 10)) {
      fields.follow_up_date = null;
    }
    try {
      await take(
        api.PUT('/api/reviews/drafts/{report_id}', { params: { path: { report_id: reportId } }, body: fields }),
      );
      saved.current = text;
      setSavedAt(new Date().toISOString());
      setError(null);
    } catch (problem) {
      setError(asProblem(problem));
    }
  }, [reportId]);
  const queue = useCallback(() => {
    // One after the other, so that an older text never overtakes a newer one.
    running.current = running.current.then(save);
    return running.current;
  }, [save]);

  useEffect(() => {
    const timer = setTimeout(() => void queue(), REST);
    return () => clearTimeout(timer);
  }, [form, queue]);
  useEffect(() => () => void queue(), [queue]);
  // After the session was renewed, what could not be saved is saved.
  useEffect(() => (error ? onSessionUsed(() => void queue()) : undefined), [error, queue]);

  return {
    savedAt,
    error,
    settle: () => running.current,
    stop: () => {
      stopped.current = true;
    },
  };
}
