/** What the head of a DICOM file says of the patient and the examination; texts as they stand there. */
export interface DicomIdentity {
  patientName?: string;
  patientId?: string;
  issuer?: string;
  /** As `YYYY-MM-DD`. */
  birthDate?: string;
  gender?: 'female' | 'male' | 'other';
  /** Years. */
  age?: number;
  studyUid?: string;
  accession?: string;
  modality?: string;
  bodyPart?: string;
  view?: string;
}

/** How much of a file is read: the head of a film fits in many times over. */
export const HEAD_BYTES = 512 * 1024;

const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1';
const IMPLICIT_LITTLE = '1.2.840.10008.1.2';
const EXPLICIT_BIG = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const LONG_FORMS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const UNDEFINED_LENGTH = 0xffffffff;
/** The last element that is wanted: Study Instance UID. */
const LAST = 0x0020000d;

interface Element {
  tag: number;
  length: number;
  start: number;
}

/** Walks over the elements of a data set until one lies behind `last` or the bytes end. */
function* elements(view: DataView, from: number, explicit: boolean, little: boolean, last: number): Generator<Element> {
  let at = from;
  while (at + 8 <= view.byteLength) {
    const tag = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
    if (tag > last) return;
    let length: number;
    let start: number;
    if (explicit && tag !== 0xfffee000) {
      const form = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5));
      if (!/^[A-Z]{2}$/.test(form)) return;
      if (LONG_FORMS.has(form)) {
        if (at + 12 > view.byteLength) return;
        length = view.getUint32(at + 8, little);
        start = at + 12;
      } else {
        length = view.getUint16(at + 6, little);
        start = at + 8;
      }
    } else {
      length = view.getUint32(at + 4, little);
      start = at + 8;
    }
    if (length === UNDEFINED_LENGTH) {
      const end = endOfSequence(view, start, little);
      if (end === undefined) return;
      at = end;
      continue;
    }
    if (start + length > view.byteLength) return;
    yield { tag, length, start };
    at = start + length;
  }
}

/** Where a sequence of unknown length ends, by counting nested delimiters. */
function endOfSequence(view: DataView, from: number, little: boolean): number | undefined {
  let depth = 1;
  for (let at = from; at + 8 <= view.byteLength; at += 2) {
    const tag = view.getUint16(at, little) * 0x10000 + view.getUint16(at + 2, little);
    if (tag === 0xfffee0dd && view.getUint32(at + 4, little) === 0) {
      depth -= 1;
      at += 6;
      if (depth === 0) return at + 2;
    }
  }
  return undefined;
}

/** Whether the bytes begin as a DICOM file does (PS3.10). */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/** Reads the head of a DICOM file. Null: it is none. What cannot be read here is left to the server. */
export function readIdentity(bytes: Uint8Array): DicomIdentity | null {
  if (!isDicom(bytes)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let syntax = EXPLICIT_LITTLE;
  let body = 132;
  for (const element of elements(view, 132, true, true, 0x0002ffff)) {
    body = element.start + element.length;
    if (element.tag === 0x00020010) syntax = ascii(bytes, element);
  }
  if (syntax === DEFLATED) return {};
  const found = new Map<number, Element>();
  for (const element of elements(view, body, syntax !== IMPLICIT_LITTLE, syntax !== EXPLICIT_BIG, LAST)) {
    found.set(element.tag, element);
  }
  const charset = found.get(0x00080005);
  const decoder = new TextDecoder(encodingOf(charset ? ascii(bytes, charset) : ''));
  const text = (tag: number): string | undefined => {
    const element = found.get(tag);
    if (!element) return undefined;
    const value = decoder
      .decode(bytes.subarray(element.start, element.start + element.length))
      .replace(/[\0\s]+$/, '')
      .trim();
    return value || undefined;
  };
  return {
    patientName: nameOf(text(0x00100010)),
    patientId: text(0x00100020),
    issuer: text(0x00100021),
    birthDate: dateOf(text(0x00100030)),
    gender: genderOf(text(0x00100040)),
    age: ageOf(text(0x00101010)),
    studyUid: text(0x0020000d),
    accession: text(0x00080050),
    modality: text(0x00080060),
    bodyPart: text(0x00180015),
    view: text(0x00185101),
  };
}

function ascii(bytes: Uint8Array, { start, length }: Element): string {
  return String.fromCharCode(...bytes.subarray(start, start + length)).replace(/[\0\s]+$/, '');
}

/** The name of an encoding for `TextDecoder` from Specific Character Set (0008,0005). */
function encodingOf(value: string): string {
  const names: Record<string, string> = {
    'ISO_IR 100': 'latin1',
    'ISO_IR 101': 'iso-8859-2',
    'ISO_IR 109': 'iso-8859-3',
    'ISO_IR 110': 'iso-8859-4',
    'ISO_IR 144': 'iso-8859-5',
    'ISO_IR 127': 'iso-8859-6',
    'ISO_IR 126': 'iso-8859-7',
    'ISO_IR 138': 'iso-8859-8',
    'ISO_IR 148': 'iso-8859-9',
    'ISO_IR 192': 'utf-8',
    GB18030: 'gb18030',
  };
  return names[value.split('\\')[0]?.trim() ?? ''] ?? (value === '' ? 'latin1' : 'utf-8');
}

/** `Doe^Jane^^Dr` as `Dr Jane Doe`. */
export function nameOf(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = (value.split('=')[0] ?? '').split('^');
  return (
    [prefix, given, middle, family, suffix]
      .map((part) => part.trim())
      .filter(Boolean)
      .join(' ') || undefined
  );
}

function dateOf(value: string | undefined): string | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(value ?? '');
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : undefined;
}

function genderOf(value: string | undefined): DicomIdentity['gender'] {
  return { F: 'female', M: 'male', O: 'other' }[value?.toUpperCase() ?? ''] as DicomIdentity['gender'];
}

function ageOf(value: string | undefined): number | undefined {
  const parts = /^(\d{3})([DWMY])$/.exec(value ?? '');
  if (!parts) return undefined;
  const days = { D: 1, W: 7, M: 30.44, Y: 365.25 }[parts[2] as 'D'];
  return Math.floor((Number(parts[1]) * days) / 365.25 + 1e-9);
}
