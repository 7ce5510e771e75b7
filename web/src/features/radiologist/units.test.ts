import { describe, expect, it } from 'vitest';
import type { Patient } from '@/api/types';
import { dicomBytes } from './testing';
import { addFiles, type CheckedFile, checkFile, isSendable, kindOf, mismatches, retryDelay } from './units';

let next = 0;
const newId = () => `unit-${next++}`;
const patient = {
  patient_id: 'p',
  name: 'Jane Müller-Doe',
  email: 'x@example.com',
  is_active: true,
  created_at: '2026-01-01T00:00:00Z',
  date_of_birth: '2020-02-03',
  identifier: 'H-1',
} as Patient;

async function checked(name: string, bytes: Uint8Array, limit = 1e9): Promise<CheckedFile> {
  return checkFile(new File([bytes as BlobPart], name, { lastModified: 1 }), limit);
}
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);

describe('the check of a file', () => {
  it('goes by the bytes, not by the name', async () => {
    expect((await checked('film.dcm', png)).kind).toBe('png');
    expect(kindOf(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe('jpeg');
    expect((await checked('film.png', dicomBytes({}))).kind).toBe('dicom');
  });

  it('finds what is empty, no image, or too large', async () => {
    expect((await checked('a.png', new Uint8Array())).fault).toBe('empty');
    expect((await checked('a.png', new TextEncoder().encode('hello'))).fault).toBe('not_an_image');
    expect((await checked('a.png', png, 4)).fault).toBe('too_large');
    expect((await checked('a.png', png)).fault).toBeNull();
  });
});

describe('the queue', () => {
  it('keeps the files of a study together and pictures apart', async () => {
    const files = [
      await checked('1.dcm', dicomBytes({ studyUid: '1.2.3', patientId: 'H-1' })),
      await checked('a.png', png),
      await checked('2.dcm', dicomBytes({ studyUid: '1.2.3', patientId: 'H-1', instance: '2' })),
      await checked('3.dcm', dicomBytes({ studyUid: '1.2.4', patientId: 'H-1' })),
      await checked('b.png', png),
    ];
    const units = addFiles([], files, newId);
    expect(units.map((unit) => unit.files.map(({ file }) => file.name))).toEqual([
      ['1.dcm', '2.dcm'],
      ['a.png'],
      ['3.dcm'],
      ['b.png'],
    ]);
    expect(units[0]?.total).toBe(units[0]?.files.reduce((sum, { file }) => sum + file.size, 0));
  });

  it('takes the same file once, and leaves what is on its way alone', async () => {
    const first = await checked('1.dcm', dicomBytes({ studyUid: '1.2.3' }));
    const units = addFiles([], [first], newId);
    expect(addFiles(units, [first], newId)).toHaveLength(1);
    const sending = units.map((unit) => ({ ...unit, state: 'sending' as const }));
    const late = await checked('2.dcm', dicomBytes({ studyUid: '1.2.3', instance: '2' }));
    expect(addFiles(sending, [late], newId).map((unit) => unit.files.length)).toEqual([1, 1]);
  });

  it('sends only what has a patient and no fault', async () => {
    const [picture] = addFiles([], [await checked('a.png', png)], newId);
    const [film] = addFiles([], [await checked('1.dcm', dicomBytes({ patientId: 'H-1' }))], newId);
    const [broken] = addFiles([], [await checked('x.txt', new TextEncoder().encode('text'))], newId);
    if (!picture || !film || !broken) throw new Error('three units expected');
    expect(isSendable(picture)).toBe(false);
    expect(isSendable({ ...picture, patient })).toBe(true);
    expect(isSendable(film)).toBe(true);
    expect(isSendable({ ...broken, patient })).toBe(false);
    expect(isSendable({ ...film, state: 'sending' })).toBe(false);
  });

  it('waits longer after each failure, but never more than a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 9].map(retryDelay)).toEqual([2, 4, 8, 16, 32, 60, 60]);
  });
});

describe('the identity of a film', () => {
  it('is compared with the patient’s whatever the order and accents of the name', () => {
    expect(mismatches({ patientName: 'Muller-Doe Jane', patientId: 'H-1', birthDate: '2020-02-03' }, patient)).toEqual(
      [],
    );
    expect(mismatches({ patientName: 'John Doe', patientId: 'H-2', birthDate: '2019-01-01' }, patient)).toEqual([
      'name',
      'birthDate',
      'number',
    ]);
    expect(mismatches(null, patient)).toEqual([]);
  });
});
