import { describe, expect, it } from 'vitest';
import type { Image } from '@/api/types';
import { filmIdentities, filmIdentity } from './identity';

const head = (name: string) => ({
  '00100010': { vr: 'PN', Value: [{ Alphabetic: name }] },
  '00100020': { vr: 'LO', Value: ['H-1'] },
  '00100030': { vr: 'DA', Value: ['20200203'] },
  '00100040': { vr: 'CS', Value: ['F'] },
});
const image = (dicom_metadata: unknown) => ({ image_format: 'DICOM', dicom_metadata }) as unknown as Image;

describe('the identity on a film', () => {
  it('is read from the head as a person reads it', () => {
    expect(filmIdentity(image(head('Doe^Jane')))).toEqual({
      name: 'Doe Jane',
      birth_date: '2020-02-03',
      gender: 'female',
      identifier: 'H-1',
    });
    expect(filmIdentity(image(null))).toEqual({ name: null, birth_date: null, gender: null, identifier: null });
  });

  it('is said once for films that agree', () => {
    const images = [image(head('Doe^Jane')), image(head('Doe^Jane')), image(head('Roe^Jane'))];
    expect(filmIdentities(images).map(({ name }) => name)).toEqual(['Doe Jane', 'Roe Jane']);
  });
});
