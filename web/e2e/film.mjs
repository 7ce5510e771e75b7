// DICOM films for measurements and journeys, drawn by a formula.

/** One element in explicit VR, little endian. */
function element(group, tag, form, value) {
  const even = value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from(form === 'UI' || form === 'OB' ? [0] : ' ')]);
  const long = ['OB', 'OW', 'SQ', 'UN', 'UT'].includes(form);
  const head = Buffer.alloc(long ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(tag, 2);
  head.write(form, 4, 'ascii');
  if (long) head.writeUInt32LE(even.length, 8);
  else head.writeUInt16LE(even.length, 6);
  return Buffer.concat([head, even]);
}
const text = (group, tag, form, value) => element(group, tag, form, Buffer.from(value, 'utf8'));
const short = (group, tag, value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return element(group, tag, 'US', bytes);
};

/**
 * A square film of `side` pixels of 16 bits, uncompressed, of a study of its own for each seed. `name`, `number` and
 * `birthDate` are what its head says of the patient.
 */
export function film({ side = 512, seed = 1, name = 'Made^Up', number = 'MADE-UP', birthDate = '', noise = false } = {}) {
  const stamp = `${Date.now()}${Math.floor(performance.now() * 1000) % 1_000_000}${seed}`.slice(-24);
  const uid = (part) => `2.25.${BigInt(stamp)}.${part}`;
  const pixels = new Uint16Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      // Two dark ovals in a bright body, so that there is something to be seen.
      const lung = (cx) => ((x / side - cx) / 0.16) ** 2 + ((y / side - 0.5) / 0.3) ** 2 < 1;
      const tissue = lung(0.32) || lung(0.68) ? 900 : 2800;
      const grain = noise ? Math.floor(Math.random() * 600) : (x * 7 + y * 13 + ((x ^ y) & 63) * 5 + seed * 31) % 600;
      pixels[y * side + x] = tissue + grain;
    }
  }
  const meta = [
    text(2, 2, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'),
    text(2, 3, 'UI', uid(3)),
    text(2, 0x10, 'UI', '1.2.840.10008.1.2.1'),
  ];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.concat(meta).length);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(2, 0, 'UL', length),
    ...meta,
    text(8, 5, 'CS', 'ISO_IR 192'),
    text(8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.1.1'),
    text(8, 0x18, 'UI', uid(3)),
    text(8, 0x60, 'CS', 'DX'),
    text(0x10, 0x10, 'PN', name),
    text(0x10, 0x20, 'LO', number),
    text(0x10, 0x30, 'DA', birthDate),
    text(0x18, 0x15, 'CS', 'CHEST'),
    text(0x20, 0xd, 'UI', uid(1)),
    text(0x20, 0xe, 'UI', uid(2)),
    short(0x28, 2, 1),
    text(0x28, 4, 'CS', 'MONOCHROME2'),
    short(0x28, 0x10, side),
    short(0x28, 0x11, side),
    short(0x28, 0x100, 16),
    short(0x28, 0x101, 12),
    short(0x28, 0x102, 11),
    short(0x28, 0x103, 0),
    text(0x28, 0x1050, 'DS', '2000'),
    text(0x28, 0x1051, 'DS', '3600'),
    element(0x7fe0, 0x10, 'OW', Buffer.from(pixels.buffer)),
  ]);
}
