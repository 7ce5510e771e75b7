/** The distance between the middles of two pixels, in millimetres; null when the film does not say. */
export interface Spacing {
  row: number;
  column: number;
  /** In the patient, or at the detector, where magnification makes things larger than they are. */
  at: 'patient' | 'detector';
}

function pair(metadata: Record<string, unknown>, tag: string): [number, number] | null {
  const element = metadata[tag] as { Value?: unknown[] } | undefined;
  const numbers = element?.Value?.map(Number);
  if (numbers?.length !== 2) return null;
  const [row, column] = numbers as [number, number];
  return row > 0 && column > 0 && Number.isFinite(row) && Number.isFinite(column) ? [row, column] : null;
}

/**
 * Reads the spacing from a header in the DICOM JSON model: Pixel Spacing (0028,0030), else Imager Pixel Spacing
 * (0018,1164). A spacing of 0 or a single number counts as none.
 */
export function spacingOf(metadata: unknown): Spacing | null {
  if (typeof metadata !== 'object' || metadata === null) return null;
  const header = metadata as Record<string, unknown>;
  const patient = pair(header, '00280030');
  const detector = pair(header, '00181164');
  if (patient) {
    // Equal values say that nobody has corrected for magnification (PS3.3 10.7.1.3).
    const same = detector !== null && patient[0] === detector[0] && patient[1] === detector[1];
    return { row: patient[0], column: patient[1], at: same ? 'detector' : 'patient' };
  }
  return detector && { row: detector[0], column: detector[1], at: 'detector' };
}
