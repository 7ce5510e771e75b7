import type { Image } from '@/api/types';

/** Where a film's head and the patient's record may disagree. */
export const identityParts = ['name', 'birth_date', 'gender', 'identifier'] as const;
export type IdentityPart = (typeof identityParts)[number];

export interface FilmIdentity {
  name: string | null;
  birth_date: string | null;
  gender: string | null;
  identifier: string | null;
}

function value(metadata: unknown, tag: string): string | null {
  const element = (metadata as Record<string, { Value?: unknown[] } | undefined> | null)?.[tag];
  const first = element?.Value?.[0];
  if (typeof first === 'string') return first.trim() || null;
  if (typeof first === 'object' && first !== null && 'Alphabetic' in first) {
    return (
      String((first as { Alphabetic: unknown }).Alphabetic)
        .split('^')
        .filter(Boolean)
        .join(' ')
        .trim() || null
    );
  }
  return null;
}

/** What the head of an image says of the patient, from its header in the DICOM JSON model. */
export function filmIdentity(image: Pick<Image, 'dicom_metadata'>): FilmIdentity {
  const date = value(image.dicom_metadata, '00100030');
  const gender = value(image.dicom_metadata, '00100040');
  return {
    name: value(image.dicom_metadata, '00100010'),
    birth_date: date && /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date,
    gender: ({ F: 'female', M: 'male', O: 'other' } as Record<string, string>)[gender ?? ''] ?? gender,
    identifier: value(image.dicom_metadata, '00100020'),
  };
}

/** The different identities that the images of a report carry, the first one first. */
export function filmIdentities(images: readonly Image[]): FilmIdentity[] {
  const seen = new Map<string, FilmIdentity>();
  for (const image of images) {
    if (image.image_format !== 'DICOM') continue;
    const identity = filmIdentity(image);
    seen.set(JSON.stringify(identity), identity);
  }
  return [...seen.values()];
}
