import { UPLOADS_DATABASE } from '@/app/session';
import type { Patient } from '@/api/types';

/** An examination as it is kept in the browser until the portal has it. */
export interface Kept {
  id: string;
  userId: string;
  keptAt: number;
  files: { file: File; uploadId: string | null }[];
  patient: Patient | null;
  /** Whether it was being sent. */
  started: boolean;
}

/** Bytes that are kept at most: films are large, and the browser shares its room. */
export const KEEP_BYTES = 600 * 1024 * 1024;
/** Milliseconds after which what was kept is dropped: as long as the portal keeps what it has of it. */
const PATIENCE = 24 * 3600 * 1000;
const STORE = 'units';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(UPLOADS_DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps nothing'));
    request.onblocked = () => reject(new Error('the browser is busy with another version'));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser has no room'));
      transaction.onerror = () => reject(transaction.error ?? new Error('the browser has no room'));
    });
  } finally {
    database.close();
  }
}

/** Keeps an examination. False: this browser cannot, or has no room. */
export async function keep(unit: Kept): Promise<boolean> {
  try {
    await run('readwrite', (store) => store.put(unit));
    return true;
  } catch {
    return false;
  }
}

/** Drops an examination: the portal has it, or nobody wants it. */
export async function drop(id: string): Promise<void> {
  await run('readwrite', (store) => store.delete(id)).catch(() => undefined);
}

/** What was kept for this user. What is old or somebody else's is dropped. */
export async function kept(userId: string, now: number): Promise<Kept[]> {
  try {
    const all = await run<Kept[]>('readonly', (store) => store.getAll() as IDBRequest<Kept[]>);
    const mine = all.filter((unit) => unit.userId === userId && now - unit.keptAt < PATIENCE);
    for (const unit of all) if (!mine.includes(unit)) await drop(unit.id);
    return mine.sort((a, b) => a.keptAt - b.keptAt);
  } catch {
    return [];
  }
}
