import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { asProblem, type Problem } from '@/api/problem';
import type { Patient, Receipt } from '@/api/types';
import { send } from './send';
import { addFiles, checkFile, isSendable, retryDelay, type Unit } from './units';

/** Units that are sent at the same time. */
const AT_ONCE = 2;
/** Attempts after which a unit waits for the user. */
const ATTEMPTS = 6;
/** What the server's setting `intake.maximum_file_mebibytes` begins with. The server has the last word. */
const MAXIMUM_BYTES = 200 * 1024 * 1024;

export interface Outcome {
  receipt?: Receipt;
  problem?: Problem;
}

/** The films to be sent: checked, sent two at a time, tried again when the connection drops. */
export function useUploads(details: { studyType: string; symptoms: string }) {
  const client = useQueryClient();
  const [units, setUnits] = useState<Unit[]>([]);
  const [outcomes, setOutcomes] = useState<Record<string, Outcome>>({});
  const [going, setGoing] = useState(false);
  const stops = useRef(new Map<string, AbortController>());
  const latestDetails = useRef(details);
  latestDetails.current = details;

  const change = useCallback((id: string, part: Partial<Unit>) => {
    setUnits((old) => old.map((unit) => (unit.id === id ? { ...unit, ...part } : unit)));
  }, []);

  const add = useCallback(async (files: readonly File[]) => {
    const checked = await Promise.all(files.map((file) => checkFile(file, MAXIMUM_BYTES)));
    setUnits((old) => addFiles(old, checked, () => crypto.randomUUID()));
  }, []);

  const start = useCallback(
    async (unit: Unit) => {
      const stop = new AbortController();
      stops.current.set(unit.id, stop);
      change(unit.id, { state: 'sending', sent: 0, attempts: unit.attempts + 1 });
      try {
        const { studyType, symptoms } = latestDetails.current;
        const receipt = await send(
          unit.files.map(({ file }) => file),
          {
            ...(unit.patient ? { patientId: unit.patient.patient_id } : {}),
            ...(studyType ? { studyType } : {}),
            ...(symptoms.trim() ? { symptoms } : {}),
          },
          (sent) => change(unit.id, { sent: Math.min(sent, unit.total) }),
          stop.signal,
        );
        setOutcomes((old) => ({ ...old, [unit.id]: { receipt } }));
        change(unit.id, { state: 'done', sent: unit.total });
        void client.invalidateQueries({ queryKey: ['reports'] });
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = asProblem(error);
        setOutcomes((old) => ({ ...old, [unit.id]: { problem } }));
        const passing = problem.status === 0 || problem.status >= 502;
        // Sending the same files again is safe: the server knows them by their SHA-256.
        if (passing && unit.attempts + 1 < ATTEMPTS) {
          change(unit.id, { state: 'waiting' });
          setTimeout(() => change(unit.id, { state: 'ready' }), retryDelay(unit.attempts + 1) * 1000);
        } else {
          change(unit.id, { state: 'failed' });
        }
      } finally {
        stops.current.delete(unit.id);
      }
    },
    [change, client],
  );

  useEffect(() => {
    if (!going) return;
    const busy = units.filter((unit) => unit.state === 'sending').length;
    const next = units.filter(isSendable).slice(0, AT_ONCE - busy);
    for (const unit of next) void start(unit);
    if (busy === 0 && next.length === 0 && !units.some((unit) => unit.state === 'waiting')) setGoing(false);
  }, [going, units, start]);

  // Back on line: what waits goes at once.
  useEffect(() => {
    const online = () =>
      setUnits((old) => old.map((unit) => (unit.state === 'waiting' ? { ...unit, state: 'ready' } : unit)));
    addEventListener('online', online);
    return () => removeEventListener('online', online);
  }, []);
  // A closed page would end what is under way.
  const busy = units.some((unit) => unit.state === 'sending' || unit.state === 'waiting');
  useEffect(() => {
    if (!busy) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [busy]);

  return {
    units,
    outcomes,
    going,
    add,
    sendAll: () => setGoing(true),
    setPatient: (id: string, patient: Patient | null) => change(id, { patient }),
    setPatientForAll: (patient: Patient | null) =>
      setUnits((old) => old.map((unit) => (unit.state === 'ready' ? { ...unit, patient } : unit))),
    retry: (id: string) => {
      change(id, { state: 'ready', attempts: 0, sent: 0 });
      setGoing(true);
    },
    remove: (id: string) => {
      stops.current.get(id)?.abort();
      setUnits((old) => old.filter((unit) => unit.id !== id));
    },
    clearDone: () => setUnits((old) => old.filter((unit) => unit.state !== 'done')),
  };
}
