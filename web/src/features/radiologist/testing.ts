/** Parts of a DICOM file for tests. */
export interface DicomParts {
  name?: string;
  patientId?: string;
  birthDate?: string;
  sex?: string;
  age?: string;
  studyUid?: string;
  instance?: string;
  charset?: string;
  nameBytes?: Uint8Array;
  syntax?: string;
  /** Puts a sequence of unknown length in front of the patient. */
  withSequence?: boolean;
}

const ascii = (text: string) => new TextEncoder().encode(text);

/** A small DICOM file (PS3.10) with these parts, in explicit or implicit little endian. */
export function dicomBytes(parts: DicomParts): Uint8Array {
  const syntax = parts.syntax ?? '1.2.840.10008.1.2.1';
  const implicit = syntax === '1.2.840.10008.1.2';
  const out: number[] = [...new Uint8Array(128), ...ascii('DICM')];
  const u16 = (value: number) => [value & 0xff, value >> 8];
  const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
  const put = (tag: number, form: string, value: Uint8Array, explicit: boolean) => {
    const even = value.length % 2 === 0 ? [...value] : [...value, 0x20];
    out.push(...u16(tag >>> 16), ...u16(tag & 0xffff));
    if (explicit) out.push(...ascii(form), ...u16(even.length));
    else out.push(...u32(even.length));
    out.push(...even);
  };
  const text = (tag: number, form: string, value: string | undefined) => {
    if (value !== undefined) put(tag, form, ascii(value), !implicit);
  };
  put(0x00020010, 'UI', ascii(syntax), true);
  text(0x00080005, 'CS', parts.charset);
  text(0x00080018, 'UI', parts.instance ?? '1');
  text(0x00080060, 'CS', 'DX');
  if (parts.withSequence) {
    out.push(...u16(0x0008), ...u16(0x1140));
    if (!implicit) out.push(...ascii('SQ'), 0, 0);
    out.push(...u32(0xffffffff));
    out.push(...u16(0xfffe), ...u16(0xe000), ...u32(0xffffffff));
    text(0x00081150, 'UI', '1.2');
    out.push(...u16(0xfffe), ...u16(0xe00d), ...u32(0));
    out.push(...u16(0xfffe), ...u16(0xe0dd), ...u32(0));
  }
  if (parts.nameBytes) put(0x00100010, 'PN', parts.nameBytes, !implicit);
  else text(0x00100010, 'PN', parts.name);
  text(0x00100020, 'LO', parts.patientId);
  text(0x00100030, 'DA', parts.birthDate);
  text(0x00100040, 'CS', parts.sex);
  text(0x00101010, 'AS', parts.age);
  text(0x0020000d, 'UI', parts.studyUid);
  text(0x00280010, 'US', '12');
  return new Uint8Array(out);
}
