/** A mark on a film in the form in which it is stored: points in the film's own plane, in millimetres or pixels. */
export interface Mark {
  id: string;
  tool: string;
  image: string;
  points: [number, number, number][];
  label?: string;
}

/** The document that is stored with a report. */
export interface MarkDocument {
  version: 1;
  marks: Mark[];
}

/** Reads a stored document; marks of another form are left out, never shown wrongly. */
export function readDocument(content: unknown): Mark[] {
  if (typeof content !== 'object' || content === null) return [];
  const { version, marks } = content as Partial<MarkDocument>;
  if (version !== 1 || !Array.isArray(marks)) return [];
  return marks.filter(
    (mark) =>
      typeof mark?.id === 'string' &&
      typeof mark.tool === 'string' &&
      typeof mark.image === 'string' &&
      Array.isArray(mark.points) &&
      mark.points.length > 0 &&
      mark.points.every((point) => Array.isArray(point) && point.length === 3 && point.every(Number.isFinite)),
  );
}
