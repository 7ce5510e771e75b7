import { useEffect, useSyncExternalStore } from 'react';
import { useMe } from '@/app/session';
import { uploads } from './uploads';

/** The films to be sent, and what can be done with them. */
export function useUploads() {
  const me = useMe();
  const state = useSyncExternalStore(uploads.subscribe, uploads.snapshot);
  useEffect(() => {
    void uploads.restore(me.user.id);
  }, [me.user.id]);
  return { ...state, uploads };
}
