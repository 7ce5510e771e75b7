import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { onSessionLost, onSessionUsed } from '@/api/client';
import { countdown } from '@/shared/wait';
import { meQuery, useMe } from './session';

const dialogs = () => import('./SessionDialogs');
const SignInAgain = lazy(() => dialogs().then((module) => ({ default: module.SignInAgain })));
const IdleWarning = lazy(() => dialogs().then((module) => ({ default: module.IdleWarning })));

/** Minutes before the end at which the user is asked. */
const WARNING_MINUTES = 2;

/** Warns before the session ends for want of use, and lets the user sign in again without leaving the page. */
export function SessionGuard() {
  const me = useMe();
  const client = useQueryClient();
  const idleMinutes = me.session_idle_minutes;
  const used = useRef(Date.now());
  const acted = useRef(Date.now());
  const [now, setNow] = useState(Date.now());
  const [over, setOver] = useState(false);

  useEffect(() => onSessionLost(() => setOver(true)), []);
  useEffect(
    () =>
      onSessionUsed(() => {
        used.current = Date.now();
      }),
    [],
  );
  useEffect(() => {
    const note = () => {
      acted.current = Date.now();
    };
    for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, note, { passive: true });
    const timer = setInterval(() => {
      const present = Date.now();
      setNow(present);
      // Somebody who reads and writes without asking the server for anything is not idle.
      const busy = acted.current > used.current && present - used.current > (idleMinutes * 60_000) / 4;
      if (busy) {
        used.current = present;
        void client.invalidateQueries({ queryKey: meQuery.queryKey });
      }
    }, 5_000);
    return () => {
      for (const kind of ['pointerdown', 'keydown'] as const) removeEventListener(kind, note);
      clearInterval(timer);
    };
  }, [client, idleMinutes]);

  const end = Math.min(used.current + idleMinutes * 60_000, new Date(me.expires_at).getTime());
  const warn = !over && end - now < WARNING_MINUTES * 60_000;
  useEffect(() => {
    if (end <= now) setOver(true);
  }, [end, now]);

  if (over) {
    return (
      <Suspense>
        <SignInAgain
          email={me.user.email}
          onDone={() => {
            used.current = Date.now();
            setNow(Date.now());
            setOver(false);
          }}
        />
      </Suspense>
    );
  }
  return (
    warn && (
      <Suspense>
        <IdleWarning
          time={countdown(end, now)}
          onStay={() => void client.refetchQueries({ queryKey: meQuery.queryKey })}
        />
      </Suspense>
    )
  );
}
