export type Path = string[];

/** The parts of a value that are edited by themselves: leaves of objects, and lists as wholes. */
export function fieldsOfValue(value: unknown, path: Path = []): { path: Path; value: unknown }[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, part]) => fieldsOfValue(part, [...path, key]));
  }
  return [{ path, value }];
}

/** The value with another part at a path; the rest stays. */
export function putAt(value: unknown, path: Path, part: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return part;
  const object = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { ...object, [key]: putAt(object[key], rest, part) };
}
