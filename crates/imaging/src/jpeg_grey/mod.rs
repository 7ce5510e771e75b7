//! Grey pictures to baseline JPEG (T.81), with the standard's own tables.
//!
//! An own encoder, because a film that somebody waits for is a million grey pixels, and `jpeg-encoder` 0.7.1 takes 7 ms
//! for them, most of it not arithmetic but copying pixel by pixel and looking at each coefficient. Here whole rows of a
//! block go through the transform at once, and only coefficients that are not 0 are looked at. Colour stays there.

mod tables;

use tables::{AC, DC, HuffmanTable, LUMINANCE, ZIGZAG};

/// A row of a block.
type Row = [f32; 8];
/// A block of pixels or coefficients.
type Block = [Row; 8];

/// The scale of each frequency that the fast transform leaves to the quantiser: `cos(k π / 16) √2`, 1 for `k` = 0.
const SCALE: [f64; 8] = [
    1.0,
    1.387_039_845,
    1.306_562_965,
    1.175_875_602,
    1.0,
    0.785_694_958,
    0.541_196_100,
    0.275_899_379,
];

/// Encodes `width * height` grey pixels; `quality` from 1 to 100 as libjpeg has it.
///
/// # Panics
/// When the pixels are not as many, or a side is 0.
pub(crate) fn encode(pixels: &[u8], width: u16, height: u16, quality: u8) -> Vec<u8> {
    let (columns, rows) = (usize::from(width), usize::from(height));
    assert!(
        columns > 0 && pixels.len() == columns * rows && rows > 0,
        "a picture holds width x height pixels"
    );
    let steps = steps(quality);
    let mut bits = Bits::new(head(width, height, &steps), pixels.len() / 4);
    let shares = shares(&steps);
    let mut before = 0;
    // A block row with its last column repeated to the edge of the last block.
    let mut strip = vec![0; columns.next_multiple_of(8) * 8];
    let across = columns.next_multiple_of(8);
    for top in (0..rows).step_by(8) {
        for (at, line) in strip.chunks_exact_mut(across).enumerate() {
            let row = (top + at).min(rows - 1);
            let row = &pixels[row * columns..][..columns];
            line[..columns].copy_from_slice(row);
            line[columns..].fill(row[columns - 1]);
        }
        for left in (0..across).step_by(8) {
            let mut block = cut(&strip, across, left);
            transform(&mut block);
            let coefficients = quantised(&block, &shares);
            bits.block(&coefficients, before);
            before = coefficients[0];
        }
    }
    bits.finish()
}

/// The steps of the quantiser, row by row.
fn steps(quality: u8) -> [u8; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let scale = if quality < 50 {
        5000 / quality
    } else {
        200 - quality * 2
    };
    LUMINANCE.map(|step| ((u32::from(step) * scale + 50) / 100).clamp(1, 255) as u8)
}

/// What a coefficient of [`transform`] is multiplied by to be counted in steps, with columns for rows as it leaves them.
fn shares(steps: &[u8; 64]) -> Block {
    let mut shares = [[0.0; 8]; 8];
    for (u, row) in shares.iter_mut().enumerate() {
        for (v, share) in row.iter_mut().enumerate() {
            *share = (1.0 / (f64::from(steps[v * 8 + u]) * SCALE[u] * SCALE[v] * 8.0)) as f32;
        }
    }
    shares
}

/// Everything before the bits.
fn head(width: u16, height: u16, steps: &[u8; 64]) -> Vec<u8> {
    let mut head = vec![0xFF, 0xD8];
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        head.extend([0xFF, marker]);
        head.extend((length as u16 + 2).to_be_bytes());
        parts.iter().for_each(|part| head.extend_from_slice(part));
    };
    segment(0xE0, &[b"JFIF\0", &[1, 2, 0, 0, 1, 0, 1, 0, 0]]);
    segment(0xDB, &[&[0], &ZIGZAG.map(|at| steps[usize::from(at)])]);
    let (height, width) = (height.to_be_bytes(), width.to_be_bytes());
    segment(0xC0, &[&[8], &height, &width, &[1, 1, 0x11, 0]]);
    segment(0xC4, &[&[0x00], &DC.lengths, DC.symbols]);
    segment(0xC4, &[&[0x10], &AC.lengths, AC.symbols]);
    segment(0xDA, &[&[1, 1, 0, 0, 63, 0]]);
    head
}

/// A block of a strip of eight lines, its values around 0.
fn cut(strip: &[u8], across: usize, left: usize) -> Block {
    let mut block = [[0.0; 8]; 8];
    for (row, line) in block.iter_mut().zip(strip.chunks_exact(across)) {
        for (value, pixel) in row.iter_mut().zip(&line[left..left + 8]) {
            *value = f32::from(*pixel) - 128.0;
        }
    }
    block
}

/// The cosine transform in two directions, the factors of [`SCALE`] left out; columns come out as rows.
fn transform(block: &mut Block) {
    down(block);
    *block = turned(block);
    down(block);
}

fn turned(block: &Block) -> Block {
    let mut turned = [[0.0; 8]; 8];
    for (y, row) in block.iter().enumerate() {
        for (x, value) in row.iter().enumerate() {
            turned[x][y] = *value;
        }
    }
    turned
}

fn sum(one: &Row, other: &Row) -> Row {
    std::array::from_fn(|at| one[at] + other[at])
}

fn less(one: &Row, other: &Row) -> Row {
    std::array::from_fn(|at| one[at] - other[at])
}

fn times(one: &Row, factor: f32) -> Row {
    one.map(|value| value * factor)
}

/// The transform of Arai, Agui and Nakajima, of eight columns at a time.
fn down(block: &mut Block) {
    let [a, b, c, d, e, f, g, h] = &*block;
    let (s0, d0) = (sum(a, h), less(a, h));
    let (s1, d1) = (sum(b, g), less(b, g));
    let (s2, d2) = (sum(c, f), less(c, f));
    let (s3, d3) = (sum(d, e), less(d, e));
    // Even frequencies.
    let (t0, t3) = (sum(&s0, &s3), less(&s0, &s3));
    let (t1, t2) = (sum(&s1, &s2), less(&s1, &s2));
    let z1 = times(&sum(&t2, &t3), 0.707_106_77);
    let even = [sum(&t0, &t1), sum(&t3, &z1), less(&t0, &t1), less(&t3, &z1)];
    // Odd frequencies.
    let (t0, t1, t2) = (sum(&d3, &d2), sum(&d2, &d1), sum(&d1, &d0));
    let z5 = times(&less(&t0, &t2), 0.382_683_43);
    let z2 = sum(&times(&t0, 0.541_196_1), &z5);
    let z4 = sum(&times(&t2, 1.306_563), &z5);
    let z3 = times(&t1, 0.707_106_77);
    let (z11, z13) = (sum(&d0, &z3), less(&d0, &z3));
    let odd = [
        sum(&z11, &z4),
        less(&z13, &z2),
        sum(&z13, &z2),
        less(&z11, &z4),
    ];
    *block = [
        even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3],
    ];
}

/// The coefficients in steps, in the order in which they are written.
fn quantised(block: &Block, shares: &Block) -> [i16; 64] {
    // Adding it leaves a number without a fraction, rounded, in the lowest bits; all of ours are small enough.
    const WHOLE: f32 = 12_582_912.0;
    let mut steps = [0; 64];
    for ((steps, row), shares) in steps.chunks_exact_mut(8).zip(block).zip(shares) {
        for ((step, value), share) in steps.iter_mut().zip(row).zip(shares) {
            *step = (value * share + WHOLE)
                .to_bits()
                .wrapping_sub(WHOLE.to_bits()) as i16;
        }
    }
    // All are below 64; this way the compiler sees it.
    TURNED_ZIGZAG.map(|at| steps[usize::from(at % 64)])
}

/// [`ZIGZAG`] for blocks whose columns are rows.
const TURNED_ZIGZAG: [u8; 64] = {
    let mut turned = [0; 64];
    let mut at = 0;
    while at < 64 {
        turned[at] = ZIGZAG[at] % 8 * 8 + ZIGZAG[at] / 8;
        at += 1;
    }
    turned
};

/// Bits that follow each other, most significant first.
struct Bits {
    out: Vec<u8>,
    /// The bits that are not written yet, lowest last.
    held: u64,
    count: u32,
}

impl Bits {
    fn new(mut out: Vec<u8>, room: usize) -> Self {
        out.reserve(room);
        Self {
            out,
            held: 0,
            count: 0,
        }
    }

    /// At most 27 bits: the longest code with the longest value.
    #[inline]
    fn put(&mut self, bits: u32, count: u32) {
        self.held = self.held << count | u64::from(bits);
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            let four = ((self.held >> self.count) as u32).to_be_bytes();
            if four.contains(&0xFF) {
                four.iter().for_each(|byte| self.byte(*byte));
            } else {
                self.out.extend_from_slice(&four);
            }
        }
    }

    /// A byte, marked as no marker where it looks like one.
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
        if byte == 0xFF {
            self.out.push(0);
        }
    }

    /// A value's code, with the zeros that go before it, and the value.
    fn value(&mut self, table: &HuffmanTable, zeros: u32, value: i16) {
        let size = u16::BITS - value.unsigned_abs().leading_zeros();
        // Negative ones are written as one less, of as many bits.
        let bits = (i32::from(value) + i32::from(value >> 15)) as u32 & ((1 << size) - 1);
        let (code, length) = table.codes[(zeros << 4 | size) as usize];
        self.put(u32::from(code) << size | bits, u32::from(length) + size);
    }

    fn symbol(&mut self, table: &HuffmanTable, symbol: u8) {
        let (code, length) = table.codes[usize::from(symbol)];
        self.put(u32::from(code), u32::from(length));
    }

    /// A block; `before`: the first coefficient of the block before it.
    fn block(&mut self, coefficients: &[i16; 64], before: i16) {
        self.value(&DC, 0, coefficients[0] - before);
        let mut left = there(coefficients) & !1;
        let mut last = 0;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left - 1;
            let mut zeros = at - last - 1;
            while zeros > 15 {
                self.symbol(&AC, 0xF0);
                zeros -= 16;
            }
            self.value(&AC, zeros, coefficients[at as usize]);
            last = at;
        }
        if last < 63 {
            self.symbol(&AC, 0x00);
        }
    }

    /// The file, its last byte filled with ones.
    fn finish(mut self) -> Vec<u8> {
        let missing = (8 - self.count % 8) % 8;
        self.held = self.held << missing | ((1 << missing) - 1);
        self.count += missing;
        while self.count > 0 {
            self.count -= 8;
            self.byte((self.held >> self.count) as u8);
        }
        self.out.extend([0xFF, 0xD9]);
        self.out
    }
}

/// A bit for each coefficient that is not 0, the first one lowest.
fn there(coefficients: &[i16; 64]) -> u64 {
    let there = coefficients.map(|coefficient| u8::from(coefficient != 0));
    let mut bits = 0;
    for (at, eight) in there.as_chunks::<8>().0.iter().enumerate() {
        // The lowest bits of eight bytes, brought together in the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (at * 8);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something smooth with noise on it, as films are; or noise alone, or edges.
    fn drawn(kind: u32, width: u16, height: u16) -> Vec<u8> {
        let mut state = 0x2545_F491_u32 ^ kind;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let across = u32::from(width);
        (0..across * u32::from(height))
            .map(|at| {
                let (x, y) = (at % across, at / across);
                let noise = noise();
                match kind {
                    0 => ((x * 3 + y * 2) / 7 + noise % 9).min(255) as u8,
                    1 => noise as u8,
                    2 => 255 * u8::from((x / 5 + y / 3) % 2 == 0),
                    3 => 0,
                    _ => 255,
                }
            })
            .collect()
    }

    fn decoded(file: &[u8]) -> (Vec<u8>, u16, u16) {
        let mut decoder = jpeg_decoder::Decoder::new(file);
        let pixels = decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        assert_eq!(info.pixel_format, jpeg_decoder::PixelFormat::L8);
        (pixels, info.width, info.height)
    }

    fn error(pixels: &[u8], other: &[u8]) -> f64 {
        let squares = pixels
            .iter()
            .zip(other)
            .map(|(one, other)| (f64::from(*one) - f64::from(*other)).powi(2));
        squares.sum::<f64>() / pixels.len() as f64
    }

    /// Size and loss are those of the other encoder, for every kind of picture, side and quality.
    #[test]
    fn pictures_are_as_good_and_as_small_as_by_another_encoder() {
        for kind in 0..5 {
            for (width, height) in [(64, 64), (1, 1), (9, 17), (200, 131), (8, 3), (255, 8)] {
                for quality in [1, 10, 49, 50, 75, 90, 99, 100] {
                    let pixels = drawn(kind, width, height);
                    let ours = encode(&pixels, width, height, quality);
                    let mut theirs = Vec::new();
                    jpeg_encoder::Encoder::new(&mut theirs, quality)
                        .encode(&pixels, width, height, jpeg_encoder::ColorType::Luma)
                        .unwrap();
                    let what = format!("kind {kind}, {width} x {height}, quality {quality}");
                    let (shown, columns, rows) = decoded(&ours);
                    assert_eq!((columns, rows), (width, height), "{what}");
                    let (our_error, their_error) =
                        (error(&pixels, &shown), error(&pixels, &decoded(&theirs).0));
                    // A few pixels of noise may be lucky with one rounding or the other.
                    let share = if pixels.len() < 1000 { 1.2 } else { 1.02 };
                    assert!(
                        our_error <= their_error * share + 0.05,
                        "{what}: {our_error} beside {their_error}"
                    );
                    let most = theirs.len() + theirs.len() / 50 + 8;
                    assert!(
                        ours.len() <= most,
                        "{what}: {} beside {}",
                        ours.len(),
                        theirs.len()
                    );
                }
            }
        }
    }

    /// The tables are those of the other encoder, steps at each quality included.
    #[test]
    fn the_tables_are_those_of_another_encoder() {
        let scan = |file: &[u8]| file.windows(2).position(|two| two == [0xFF, 0xDA]).unwrap();
        for quality in [1, 30, 50, 90, 100] {
            let pixels = drawn(0, 24, 16);
            let ours = encode(&pixels, 24, 16, quality);
            let mut theirs = Vec::new();
            jpeg_encoder::Encoder::new(&mut theirs, quality)
                .encode(&pixels, 24, 16, jpeg_encoder::ColorType::Luma)
                .unwrap();
            for marker in [0xDB, 0xC4] {
                let segments = |file: &[u8]| -> Vec<Vec<u8>> {
                    let mut found = Vec::new();
                    let mut at = 2;
                    while at < scan(file) {
                        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
                        if file[at + 1] == marker {
                            found.push(file[at + 4..at + 2 + length].to_vec());
                        }
                        at += 2 + length;
                    }
                    found
                };
                let of_theirs = segments(&theirs);
                for segment in segments(&ours) {
                    assert!(
                        of_theirs.contains(&segment),
                        "quality {quality}, {marker:02X}"
                    );
                }
            }
        }
    }
}
