import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';

/** Minutes after which a claim is renewed; the shortest claim that the settings allow is longer in practice. */
const RENEW_MINUTES = 4;

/** Holds a claim on the open case as long as it is open, so that no two doctors read the same one. */
export function useClaim(reportId: string, wanted: boolean) {
  const client = useQueryClient();
  const [refused, setRefused] = useState<Problem | null>(null);
  const signed = useRef(false);

  useEffect(() => {
    if (!wanted) return undefined;
    let held = false;
    let open = true;
    const path = { report_id: reportId };
    const claim = async () => {
      try {
        await take(api.POST('/api/reviews/queue/{report_id}/claim', { params: { path } }));
        if (!open) {
          giveBack();
          return;
        }
        setRefused(null);
        if (!held) void client.invalidateQueries({ queryKey: ['queue'] });
        held = true;
      } catch (error) {
        if (open) setRefused(asProblem(error));
      }
    };
    const giveBack = () => {
      void fetch(`/api/reviews/queue/${reportId}/claim`, {
        method: 'DELETE',
        credentials: 'same-origin',
        keepalive: true,
      }).catch(() => undefined);
    };
    // A case that is only passed by on the way to another one is not claimed.
    const first = setTimeout(() => void claim(), 250);
    const renewal = setInterval(() => void claim(), RENEW_MINUTES * 60_000);
    const leave = () => {
      if (held && !signed.current) giveBack();
    };
    addEventListener('pagehide', leave);
    return () => {
      open = false;
      clearTimeout(first);
      clearInterval(renewal);
      removeEventListener('pagehide', leave);
      leave();
    };
  }, [reportId, wanted, client]);

  return {
    refused,
    /** Signing gives the claim back by itself. */
    release: () => {
      signed.current = true;
    },
  };
}
