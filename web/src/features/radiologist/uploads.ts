import { onSessionUsed } from '@/api/client';
import { asProblem, type Problem } from '@/api/problem';
import type { Patient, Receipt } from '@/api/types';
import { queryClient } from '@/app/providers';
import { drop, KEEP_BYTES, keep, kept } from './keep';
import { forget, send } from './send';
import { addFiles, type CheckedFile, checkFile, isSendable, retryDelay, type Unit } from './units';

/** Units that are sent at the same time. */
const AT_ONCE = 2;
/** Attempts after which a unit waits for the user. */
const ATTEMPTS = 8;
/** What the server's setting `intake.maximum_file_mebibytes` begins with. The server has the last word. */
const MAXIMUM_BYTES = 200 * 1024 * 1024;

export interface Outcome {
  receipt?: Receipt;
  problem?: Problem;
}

export interface Snapshot {
  units: Unit[];
  outcomes: Record<string, Outcome>;
  going: boolean;
  studyType: string;
  symptoms: string;
  /** Whether what is on the list would be there after the page is loaded anew. */
  isKept: boolean;
}

const nothing: Snapshot = { units: [], outcomes: {}, going: false, studyType: '', symptoms: '', isKept: true };

/**
 * The films to be sent: checked, sent two at a time, tried again when the connection drops. One list for the whole
 * screen, so that it goes on while other pages are looked at; kept in the browser, so that it is there after a reload.
 */
class Uploads {
  private state = nothing;
  private readonly listeners = new Set<() => void>();
  private readonly stops = new Map<string, AbortController>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private owner: string | null = null;

  constructor() {
    if (typeof window === 'undefined') return;
    // Back on line, or signed in again: what waits goes at once.
    addEventListener('online', () => this.wake(0));
    onSessionUsed(() => {
      if (this.state.units.some((unit) => unit.state === 'waiting' && this.refused(unit.id))) this.wake();
    });
    // A closed page would end what is under way where the browser cannot keep it.
    addEventListener('beforeunload', (event) => {
      const busy = this.state.units.some((unit) => unit.state === 'sending' || unit.state === 'waiting');
      if (busy && !this.state.isKept) event.preventDefault();
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): Snapshot => this.state;

  /** Brings back what was kept for this user, once. */
  async restore(userId: string): Promise<void> {
    if (this.owner === userId) return;
    this.owner = userId;
    for (const stop of this.stops.values()) stop.abort();
    this.state = nothing;
    const found = await kept(userId, Date.now());
    const units: Unit[] = [];
    for (const unit of found) {
      const checked = await Promise.all(unit.files.map(({ file }) => checkFile(file, MAXIMUM_BYTES)));
      for (const [index, file] of checked.entries()) file.uploadId = unit.files[index]?.uploadId ?? null;
      units.push({
        id: unit.id,
        files: checked,
        identity: checked[0]?.identity ?? null,
        patient: unit.patient,
        state: 'ready',
        sent: 0,
        total: checked.reduce((sum, { file }) => sum + file.size, 0),
        attempts: 0,
      });
    }
    if (units.length === 0) return;
    this.publish({ units: [...units, ...this.state.units], going: found.some((unit) => unit.started) });
    this.pump();
  }

  add = async (files: readonly File[]): Promise<void> => {
    const checked = await Promise.all(files.map((file) => checkFile(file, MAXIMUM_BYTES)));
    const units = addFiles(this.state.units, checked, () => crypto.randomUUID());
    this.publish({ units });
    for (const unit of units) if (unit.state === 'ready') void this.keep(unit.id);
    this.pump();
  };

  describe = (part: Partial<Pick<Snapshot, 'studyType' | 'symptoms'>>): void => this.publish(part);

  sendAll = (): void => {
    this.publish({ going: true });
    this.pump();
  };

  setPatient = (id: string, patient: Patient | null): void => {
    this.change(id, { patient });
    void this.keep(id);
    this.pump();
  };

  setPatientForAll = (patient: Patient | null): void => {
    for (const unit of this.state.units) if (unit.state === 'ready') this.setPatient(unit.id, patient);
  };

  retry = (id: string): void => {
    this.change(id, { state: 'ready', attempts: 0, sent: 0 });
    this.publish({ going: true });
    this.pump();
  };

  remove = (id: string): void => {
    this.stops.get(id)?.abort();
    clearTimeout(this.timers.get(id));
    const unit = this.state.units.find((each) => each.id === id);
    for (const file of unit?.files ?? []) if (file.uploadId) forget(file.uploadId);
    void drop(id);
    this.publish({ units: this.state.units.filter((each) => each.id !== id) });
    this.pump();
  };

  clearDone = (): void => this.publish({ units: this.state.units.filter((unit) => unit.state !== 'done') });

  private publish(part: Partial<Snapshot>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }

  private change(id: string, part: Partial<Unit>): void {
    this.publish({ units: this.state.units.map((unit) => (unit.id === id ? { ...unit, ...part } : unit)) });
  }

  private refused(id: string): boolean {
    return this.state.outcomes[id]?.problem?.status === 401;
  }

  /** Lets everything that waits for the connection go on. */
  private wake(attempts?: number): void {
    for (const unit of this.state.units) {
      if (unit.state !== 'waiting') continue;
      clearTimeout(this.timers.get(unit.id));
      this.change(unit.id, { state: 'ready', attempts: attempts ?? unit.attempts });
    }
    this.pump();
  }

  private async keep(id: string): Promise<void> {
    const unit = this.state.units.find((each) => each.id === id);
    const { owner } = this;
    if (!unit || !owner || unit.files.some((file) => file.fault)) return;
    const bytes = this.state.units.reduce((sum, each) => sum + (each.state === 'done' ? 0 : each.total), 0);
    const isKept =
      bytes <= KEEP_BYTES &&
      (await keep({
        id,
        userId: owner,
        keptAt: Date.now(),
        files: unit.files.map(({ file, uploadId }) => ({ file, uploadId: uploadId ?? null })),
        patient: unit.patient,
        started: unit.state === 'sending' || unit.state === 'waiting',
      }));
    // It may have been sent or removed meanwhile.
    const now = this.state.units.find((each) => each.id === id);
    if (!now || now.state === 'done') void drop(id);
    if (isKept !== this.state.isKept) this.publish({ isKept });
  }

  private pump(): void {
    if (!this.state.going) return;
    const busy = this.state.units.filter((unit) => unit.state === 'sending').length;
    const next = this.state.units.filter(isSendable).slice(0, Math.max(0, AT_ONCE - busy));
    for (const unit of next) void this.start(unit);
    if (busy === 0 && next.length === 0 && !this.state.units.some((unit) => unit.state === 'waiting')) {
      this.publish({ going: false });
    }
  }

  private async start(unit: Unit): Promise<void> {
    const { id } = unit;
    const stop = new AbortController();
    this.stops.set(id, stop);
    const attempts = unit.attempts + 1;
    this.change(id, { state: 'sending', attempts });
    void this.keep(id);
    const files: CheckedFile[] = unit.files.map((file) => ({ ...file }));
    try {
      const { studyType, symptoms } = this.state;
      const receipt = await send(
        files.map(({ file, uploadId }) => ({ file, uploadId: uploadId ?? null })),
        {
          ...(unit.patient ? { patientId: unit.patient.patient_id } : {}),
          ...(studyType ? { studyType } : {}),
          ...(symptoms.trim() ? { symptoms } : {}),
        },
        (index, uploadId) => {
          const file = files[index];
          if (file) file.uploadId = uploadId;
          this.change(id, { files: [...files] });
          void this.keep(id);
        },
        (sent) => this.change(id, { sent: Math.min(sent, unit.total) }),
        stop.signal,
      );
      this.publish({ outcomes: { ...this.state.outcomes, [id]: { receipt } } });
      this.change(id, { state: 'done', sent: unit.total });
      void drop(id);
      void queryClient.invalidateQueries({ queryKey: ['reports'] });
    } catch (error) {
      if (stop.signal.aborted) return;
      this.failed(id, attempts, asProblem(error));
    } finally {
      this.stops.delete(id);
      this.pump();
    }
  }

  private failed(id: string, attempts: number, problem: Problem): void {
    this.publish({ outcomes: { ...this.state.outcomes, [id]: { problem } } });
    // Sending again is safe: the portal goes on where it stands, and knows whole files by their SHA-256.
    const passing =
      problem.status === 0 ||
      problem.status >= 502 ||
      problem.status === 401 ||
      problem.code === 'wrong_offset' ||
      problem.code === 'upload_busy' ||
      problem.code === 'upload_incomplete';
    if (!passing || (attempts >= ATTEMPTS && navigator.onLine)) {
      this.change(id, { state: 'failed' });
      return;
    }
    this.change(id, { state: 'waiting' });
    // Without a session only signing in helps.
    if (problem.status === 401) return;
    const wait = problem.status === 409 ? 1 : retryDelay(attempts);
    this.timers.set(
      id,
      setTimeout(() => {
        this.change(id, { state: 'ready' });
        this.pump();
      }, wait * 1000),
    );
  }
}

export const uploads = new Uploads();
