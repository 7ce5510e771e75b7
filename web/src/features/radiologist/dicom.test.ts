import { describe, expect, it } from 'vitest';
import { nameOf, readIdentity } from './dicom';
import { dicomBytes } from './testing';

const full = {
  name: 'Doe^Jane^^Dr',
  patientId: 'H-77',
  birthDate: '20200203',
  sex: 'F',
  age: '018M',
  studyUid: '1.2.840.1',
};

describe('the head of a DICOM file', () => {
  it.each(['1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.4.90'])('is read in syntax %s', (syntax) => {
    expect(readIdentity(dicomBytes({ ...full, syntax }))).toMatchObject({
      patientName: 'Dr Jane Doe',
      patientId: 'H-77',
      birthDate: '2020-02-03',
      gender: 'female',
      age: 1,
      studyUid: '1.2.840.1',
      modality: 'DX',
    });
  });

  it('is read behind a sequence of unknown length', () => {
    expect(readIdentity(dicomBytes({ ...full, withSequence: true }))?.patientId).toBe('H-77');
  });

  it('is read in its own character set', () => {
    const latin = new Uint8Array([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72]);
    expect(readIdentity(dicomBytes({ charset: 'ISO_IR 100', nameBytes: latin }))?.patientName).toBe('Müller');
    const utf8 = new TextEncoder().encode('Müller^Åsa');
    expect(readIdentity(dicomBytes({ charset: 'ISO_IR 192', nameBytes: utf8 }))?.patientName).toBe('Åsa Müller');
  });

  it('leaves out what is not there or not of its form', () => {
    expect(readIdentity(dicomBytes({ birthDate: 'unknown', age: '5 Y', sex: 'Q' }))).toMatchObject({
      birthDate: undefined,
      age: undefined,
      gender: undefined,
      patientId: undefined,
    });
  });

  it('survives being cut off anywhere', () => {
    const bytes = dicomBytes({ ...full, withSequence: true });
    for (let end = 0; end <= bytes.length; end++) expect(() => readIdentity(bytes.slice(0, end))).not.toThrow();
  });

  it('is none in other files', () => {
    expect(readIdentity(new TextEncoder().encode('hello'))).toBeNull();
    expect(readIdentity(new Uint8Array(200))).toBeNull();
  });

  it('writes names as people do', () => {
    expect(nameOf('Yamada^Tarou=山田^太郎')).toBe('Tarou Yamada');
    expect(nameOf('^^')).toBeUndefined();
  });
});
