import type { Patient } from '@/api/types';
import { type DicomIdentity, HEAD_BYTES, readIdentity } from './dicom';

export type FileKind = 'dicom' | 'png' | 'jpeg' | 'other';

/** What was found out about a file before it is sent. */
export interface CheckedFile {
  file: File;
  kind: FileKind;
  identity: DicomIdentity | null;
  /** Why it will not be sent. */
  fault: 'empty' | 'not_an_image' | 'too_large' | null;
  /** What the portal calls it while it comes piece by piece. */
  uploadId?: string | null;
}

/** What is sent together and becomes one report: the files of a DICOM study, or one picture. */
export interface Unit {
  id: string;
  files: CheckedFile[];
  identity: DicomIdentity | null;
  /** The patient chosen by hand; without one the header decides. */
  patient: Patient | null;
  state: 'ready' | 'sending' | 'waiting' | 'done' | 'failed';
  /** Bytes that have left, of all bytes. */
  sent: number;
  total: number;
  attempts: number;
}

/** The kind of a file by its first bytes, whatever its name says. */
export function kindOf(head: Uint8Array): FileKind {
  const begins = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png';
  if (begins(0xff, 0xd8, 0xff)) return 'jpeg';
  if (readIdentity(head)) return 'dicom';
  // A bare data set without preamble begins with group 0002 or 0008.
  if ((begins(0x02, 0x00) || begins(0x08, 0x00)) && head.length > 8) return 'dicom';
  return 'other';
}

/** Looks at a file's head. */
export async function checkFile(file: File, maximumBytes: number): Promise<CheckedFile> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const kind = kindOf(head);
  const fault =
    file.size === 0 ? 'empty' : kind === 'other' ? 'not_an_image' : file.size > maximumBytes ? 'too_large' : null;
  return { file, kind, identity: kind === 'dicom' ? readIdentity(head) : null, fault };
}

/** Whether two files of a selection are the same: by name, size and time. */
function sameFile(a: File, b: File): boolean {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

/** Adds checked files: those of one DICOM study go together, pictures stand alone, the same file is taken once. */
export function addFiles(units: readonly Unit[], files: readonly CheckedFile[], newId: () => string): Unit[] {
  const result = units.map((unit) => ({ ...unit, files: [...unit.files] }));
  for (const checked of files) {
    if (result.some((unit) => unit.files.some((known) => sameFile(known.file, checked.file)))) continue;
    const study = checked.identity?.studyUid;
    const home =
      study && checked.fault === null
        ? result.find(
            (unit) => unit.state === 'ready' && unit.identity?.studyUid === study && unit.files.every((f) => !f.fault),
          )
        : undefined;
    if (home) {
      home.files.push(checked);
      home.total += checked.file.size;
    } else {
      result.push({
        id: newId(),
        files: [checked],
        identity: checked.identity,
        patient: null,
        state: 'ready',
        sent: 0,
        total: checked.file.size,
        attempts: 0,
      });
    }
  }
  return result;
}

/** Whether a unit can be sent as it is. */
export function isSendable(unit: Unit): boolean {
  return (
    unit.state === 'ready' &&
    unit.files.every((file) => file.fault === null) &&
    (unit.patient !== null || unit.identity?.patientId !== undefined)
  );
}

const plain = (name: string) =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[\s,^.]+/)
    .filter((word) => word.length > 1)
    .sort()
    .join(' ');

/** Where a DICOM head and the chosen patient disagree. */
export function mismatches(
  identity: DicomIdentity | null,
  patient: Patient | null,
): ('name' | 'birthDate' | 'number')[] {
  if (!identity || !patient) return [];
  const found: ('name' | 'birthDate' | 'number')[] = [];
  if (identity.patientName && plain(identity.patientName) !== plain(patient.name)) found.push('name');
  if (identity.birthDate && patient.date_of_birth && identity.birthDate !== patient.date_of_birth) {
    found.push('birthDate');
  }
  if (identity.patientId && patient.identifier && identity.patientId !== patient.identifier) found.push('number');
  return found;
}

/** Seconds to wait before a unit that the connection dropped is sent anew: 2, 4, 8 … at most 60. */
export function retryDelay(attempts: number): number {
  return Math.min(60, 2 ** Math.max(1, attempts));
}
