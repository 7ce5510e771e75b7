//! JPEG extended sequential with 12-bit samples (ITU T.81 process 4; transfer syntax .51).
//!
//! Own code: no crate on the shelf decodes 12-bit DCT. The inverse transform is the integer one
//! of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13 fractional bits, as in the IJG
//! library built for 12 bits, so that pixels equal those of the usual toolkits.

use super::Decoded;
use super::jpeg::{JpegHeader, is_ycbcr};
use crate::ImagingError;
use crate::dicom::pixels::Photometric;
use crate::raster::Samples;

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

struct Component {
    id: u8,
    horizontal: usize,
    vertical: usize,
    quantiser: usize,
    /// Blocks in a row and rows of blocks, padded to whole interleaved units.
    blocks: (usize, usize),
    samples: Vec<u16>,
    tables: (usize, usize),
    predictor: i32,
}

#[derive(Default)]
struct Decoder {
    quantisers: [Option<[i32; 64]>; 4],
    direct: [Option<Huffman>; 4],
    alternating: [Option<Huffman>; 4],
    restart_interval: usize,
    components: Vec<Component>,
    units: (usize, usize),
    size: (usize, usize),
}

/// Decodes a sequential Huffman stream of 12 bits.
pub(crate) fn decode(
    bytes: &[u8],
    header: &JpegHeader<'_>,
    photometric: Photometric,
) -> Result<Decoded, ImagingError> {
    if header.precision != 12 || !matches!(header.components, 1 | 3) {
        return Err(ImagingError::unsupported(format!(
            "the JPEG has {} components of {} bits",
            header.components, header.precision
        )));
    }
    let mut decoder = Decoder::default();
    decoder.run(bytes, header)?;
    let samples = decoder.collect(header, is_ycbcr(header, photometric));
    Ok(Decoded {
        width: header.width,
        height: header.height,
        components: header.components,
        bits: header.precision,
        signed: false,
        is_rgb: is_ycbcr(header, photometric),
        samples: Samples::U16(samples),
    })
}

fn damaged(what: &str) -> ImagingError {
    ImagingError::decoder("12-bit JPEG", what)
}

impl Decoder {
    fn run(&mut self, bytes: &[u8], header: &JpegHeader<'_>) -> Result<(), ImagingError> {
        let mut at = 2;
        let mut scans = 0;
        loop {
            let Some(pair) = bytes.get(at..at + 2) else {
                // An end without its marker is no loss once everything was scanned.
                return if scans > 0 {
                    Ok(())
                } else {
                    Err(ImagingError::truncated(
                        "the JPEG stream",
                        at + 2,
                        bytes.len(),
                    ))
                };
            };
            let marker = pair[1];
            if pair[0] != 0xFF || matches!(marker, 0x00 | 0xFF) {
                at += 1;
                continue;
            }
            match marker {
                0xD9 => {
                    return if scans > 0 {
                        Ok(())
                    } else {
                        Err(damaged("no scan before the end"))
                    };
                }
                0x01 | 0xD0..=0xD8 => {
                    at += 2;
                    continue;
                }
                _ => {}
            }
            let cut =
                |needed: usize| ImagingError::truncated("the JPEG stream", needed, bytes.len());
            let length = bytes
                .get(at + 2..at + 4)
                .map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])))
                .ok_or_else(|| cut(at + 4))?;
            let body = bytes
                .get(at + 4..at + 2 + length)
                .ok_or_else(|| cut(at + 2 + length))?;
            at += 2 + length;
            match marker {
                0xDB => self.quantiser_tables(body)?,
                0xC4 => self.huffman_tables(body)?,
                0xC0 | 0xC1 => self.frame(body, header)?,
                0xDD => {
                    self.restart_interval = body.get(..2).map_or(0, |pair| {
                        usize::from(u16::from_be_bytes([pair[0], pair[1]]))
                    });
                }
                0xDA => {
                    at += self.scan(body, &bytes[at..])?;
                    scans += 1;
                }
                _ => {}
            }
        }
    }

    fn quantiser_tables(&mut self, mut body: &[u8]) -> Result<(), ImagingError> {
        while let Some((&head, rest)) = body.split_first() {
            let size = if head >> 4 == 0 { 1 } else { 2 };
            let values = rest
                .get(..64 * size)
                .ok_or_else(|| damaged("a quantiser table is cut off"))?;
            let mut table = [0; 64];
            for (value, position) in values.chunks_exact(size).zip(ZIGZAG) {
                table[position] = value
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | i32::from(*byte));
            }
            *self
                .quantisers
                .get_mut(usize::from(head & 15))
                .ok_or_else(|| damaged("a quantiser table has no such number"))? = Some(table);
            body = &rest[64 * size..];
        }
        Ok(())
    }

    fn huffman_tables(&mut self, mut body: &[u8]) -> Result<(), ImagingError> {
        while let Some((&head, rest)) = body.split_first() {
            let cut = || damaged("a Huffman table is cut off");
            let counts = rest.get(..16).ok_or_else(cut)?;
            let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let values = rest.get(16..16 + total).ok_or_else(cut)?;
            let table = Huffman::new(counts, values)?;
            let tables = if head >> 4 == 0 {
                &mut self.direct
            } else {
                &mut self.alternating
            };
            *tables
                .get_mut(usize::from(head & 15))
                .ok_or_else(|| damaged("a Huffman table has no such number"))? = Some(table);
            body = &rest[16 + total..];
        }
        Ok(())
    }

    fn frame(&mut self, body: &[u8], header: &JpegHeader<'_>) -> Result<(), ImagingError> {
        if !self.components.is_empty() {
            return Err(damaged("it has two frames"));
        }
        let parts: Vec<[u8; 3]> = body
            .get(6..)
            .unwrap_or(&[])
            .as_chunks::<3>()
            .0
            .iter()
            .take(header.components as usize)
            .copied()
            .collect();
        let sampling = |part: &[u8; 3]| (usize::from(part[1] >> 4), usize::from(part[1] & 15));
        if parts.len() != header.components as usize
            || parts.iter().any(|part| {
                !(1..=4).contains(&sampling(part).0) || !(1..=4).contains(&sampling(part).1)
            })
        {
            return Err(damaged("its sampling factors are out of range"));
        }
        let widest = parts.iter().map(|part| sampling(part).0).max().unwrap_or(1);
        let tallest = parts.iter().map(|part| sampling(part).1).max().unwrap_or(1);
        self.size = (header.width as usize, header.height as usize);
        self.units = (
            (header.width as usize).div_ceil(8 * widest),
            (header.height as usize).div_ceil(8 * tallest),
        );
        for part in parts {
            let (horizontal, vertical) = sampling(&part);
            let blocks = (self.units.0 * horizontal, self.units.1 * vertical);
            self.components.push(Component {
                id: part[0],
                horizontal,
                vertical,
                quantiser: usize::from(part[2] & 3),
                blocks,
                samples: vec![0; blocks.0 * blocks.1 * 64],
                tables: (0, 0),
                predictor: 0,
            });
        }
        Ok(())
    }

    /// One scan; returns the bytes it used.
    fn scan(&mut self, body: &[u8], bytes: &[u8]) -> Result<usize, ImagingError> {
        let count = usize::from(*body.first().unwrap_or(&0));
        let mut chosen = Vec::new();
        for selector in body.get(1..1 + count * 2).unwrap_or(&[]).chunks_exact(2) {
            let index = self
                .components
                .iter()
                .position(|component| component.id == selector[0])
                .ok_or_else(|| damaged("a scan names an unknown component"))?;
            self.components[index].tables = (
                usize::from(selector[1] >> 4 & 3),
                usize::from(selector[1] & 3),
            );
            chosen.push(index);
        }
        if chosen.is_empty() {
            return Err(damaged("a scan has no component"));
        }
        let mut bits = Bits::new(bytes);
        let alone = chosen.len() == 1;
        // A scan of one component is not padded to whole units (T.81 A.2.2).
        let (columns, rows) = if alone {
            self.own_blocks(chosen[0])
        } else {
            self.units
        };
        for unit in 0..columns * rows {
            if self.restart_interval > 0 && unit > 0 && unit.is_multiple_of(self.restart_interval) {
                bits.restart();
            }
            if unit == 0 || self.restart_interval > 0 && unit.is_multiple_of(self.restart_interval)
            {
                chosen
                    .iter()
                    .for_each(|index| self.components[*index].predictor = 0);
            }
            let (column, row) = (unit % columns, unit / columns);
            for index in &chosen {
                let (across, down) = if alone {
                    (1, 1)
                } else {
                    (
                        self.components[*index].horizontal,
                        self.components[*index].vertical,
                    )
                };
                for block in 0..across * down {
                    self.block(
                        *index,
                        column * across + block % across,
                        row * down + block / across,
                        &mut bits,
                    )?;
                }
            }
        }
        Ok(bits.at)
    }

    /// Blocks of a component that is scanned alone (T.81 A.2.2, A.1.1).
    fn own_blocks(&self, index: usize) -> (usize, usize) {
        let component = &self.components[index];
        let (widest, tallest) = self.sampling();
        (
            (self.size.0 * component.horizontal)
                .div_ceil(widest)
                .div_ceil(8),
            (self.size.1 * component.vertical)
                .div_ceil(tallest)
                .div_ceil(8),
        )
    }

    /// The largest sampling factors.
    fn sampling(&self) -> (usize, usize) {
        let widest = self
            .components
            .iter()
            .map(|component| component.horizontal)
            .max();
        let tallest = self
            .components
            .iter()
            .map(|component| component.vertical)
            .max();
        (widest.unwrap_or(1), tallest.unwrap_or(1))
    }

    fn block(
        &mut self,
        index: usize,
        column: usize,
        row: usize,
        bits: &mut Bits<'_>,
    ) -> Result<(), ImagingError> {
        let component = &mut self.components[index];
        let direct = self.direct[component.tables.0]
            .as_ref()
            .ok_or_else(|| damaged("a Huffman table is missing"))?;
        let alternating = self.alternating[component.tables.1]
            .as_ref()
            .ok_or_else(|| damaged("a Huffman table is missing"))?;
        let quantiser = self.quantisers[component.quantiser]
            .as_ref()
            .ok_or_else(|| damaged("a quantiser table is missing"))?;
        let mut coefficients = [0_i32; 64];
        let size = u32::from(direct.decode(bits)?);
        component.predictor = component.predictor.wrapping_add(bits.signed(size)?);
        coefficients[0] = component.predictor.wrapping_mul(quantiser[0]);
        let mut at = 1;
        while at < 64 {
            let symbol = alternating.decode(bits)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if zeros != 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += zeros;
            let position = *ZIGZAG
                .get(at)
                .ok_or_else(|| damaged("a block has more than 64 coefficients"))?;
            coefficients[position] = bits.signed(size)?.wrapping_mul(quantiser[position]);
            at += 1;
        }
        let stride = component.blocks.0 * 8;
        let start = row * 8 * stride + column * 8;
        if row < component.blocks.1 && column < component.blocks.0 {
            inverse_transform(&coefficients, &mut component.samples[start..], stride);
        }
        Ok(())
    }

    /// Samples interleaved by pixel, chrominance repeated, colour turned to RGB.
    fn collect(&self, header: &JpegHeader<'_>, to_rgb: bool) -> Vec<u16> {
        let (widest, tallest) = self.sampling();
        let mut out = Vec::with_capacity(
            header.width as usize * header.height as usize * self.components.len(),
        );
        let alone = self.components.len() == 1;
        for row in 0..header.height as usize {
            for column in 0..header.width as usize {
                for component in &self.components {
                    let (x, y) = if alone {
                        (column, row)
                    } else {
                        (
                            column * component.horizontal / widest,
                            row * component.vertical / tallest,
                        )
                    };
                    out.push(component.samples[y * component.blocks.0 * 8 + x]);
                }
            }
        }
        if to_rgb {
            for pixel in out.chunks_exact_mut(3) {
                let [y, blue, red] = [
                    f64::from(pixel[0]),
                    f64::from(pixel[1]) - 2048.0,
                    f64::from(pixel[2]) - 2048.0,
                ];
                let mix = [
                    y + 1.402 * red,
                    y - 0.344_136 * blue - 0.714_136 * red,
                    y + 1.772 * blue,
                ];
                pixel
                    .iter_mut()
                    .zip(mix)
                    .for_each(|(value, mixed)| *value = mixed.round().clamp(0.0, 4095.0) as u16);
            }
        }
        out
    }
}

/// A canonical Huffman table (T.81 Annex C and F.2.2.3).
struct Huffman {
    /// For each length 1 to 16: the first code beyond it, left-aligned to 16 bits, and the offset
    /// from a code to its value.
    lengths: [(u32, i32); 16],
    values: Vec<u8>,
    /// For each 8 leading bits: value and length of a code that fits, or length 0.
    short: Vec<(u8, u8)>,
}

impl Huffman {
    fn new(counts: &[u8], values: &[u8]) -> Result<Self, ImagingError> {
        let mut lengths = [(0, 0); 16];
        let mut short = vec![(0, 0); 256];
        let (mut code, mut index) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts).take(16) {
            let count = u32::from(*count);
            lengths[length as usize - 1].1 = index as i32 - code as i32;
            for _ in 0..count {
                if length <= 8 {
                    let from = (code << (8 - length)) as usize;
                    let entries = short
                        .get_mut(from..from + (1 << (8 - length)))
                        .ok_or_else(|| damaged("a Huffman table is overfull"))?;
                    entries.fill((values[index], length as u8));
                }
                code += 1;
                index += 1;
            }
            if code > 1 << length {
                return Err(damaged("a Huffman table is overfull"));
            }
            lengths[length as usize - 1].0 = code << (16 - length);
            code <<= 1;
        }
        Ok(Self {
            lengths,
            values: values.to_vec(),
            short,
        })
    }

    #[inline]
    fn decode(&self, bits: &mut Bits<'_>) -> Result<u8, ImagingError> {
        let ahead = bits.peek16();
        let (value, length) = self.short[(ahead >> 8) as usize];
        if length > 0 {
            bits.skip(u32::from(length))?;
            return Ok(value);
        }
        for (length, (beyond, offset)) in (1_u32..).zip(self.lengths) {
            if ahead < beyond {
                bits.skip(length)?;
                let index = (ahead >> (16 - length)) as i32 + offset;
                return usize::try_from(index)
                    .ok()
                    .and_then(|index| self.values.get(index))
                    .copied()
                    .ok_or_else(|| damaged("a code is unknown"));
            }
        }
        Err(damaged("a code is unknown"))
    }
}

/// Entropy-coded bits, stuffed zeros taken out.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    buffer: u64,
    filled: u32,
    invented: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: 0,
            filled: 0,
            invented: 0,
        }
    }

    #[inline]
    fn fill(&mut self) {
        while self.filled <= 48 {
            let byte = match self.bytes.get(self.at..) {
                Some([0xFF, 0x00, ..]) => {
                    self.at += 2;
                    0xFF
                }
                // A marker or the end: zeros, counted.
                Some([0xFF, ..] | []) | None => {
                    self.invented += 8;
                    0
                }
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.filled);
            self.filled += 8;
        }
    }

    #[inline]
    fn peek16(&mut self) -> u32 {
        if self.filled < 16 {
            self.fill();
        }
        (self.buffer >> 48) as u32
    }

    #[inline]
    fn skip(&mut self, count: u32) -> Result<(), ImagingError> {
        if self.filled < count {
            self.fill();
        }
        self.buffer <<= count;
        self.filled -= count;
        // More invented bits than lie in the buffer have been used.
        if self.invented > self.filled {
            return Err(ImagingError::truncated(
                "the JPEG scan",
                self.at + 1,
                self.bytes.len(),
            ));
        }
        Ok(())
    }

    /// A difference or coefficient of `size` bits (T.81 F.2.2.1).
    #[inline]
    fn signed(&mut self, size: u32) -> Result<i32, ImagingError> {
        if size == 0 {
            return Ok(0);
        }
        if size > 16 {
            return Err(damaged("a coefficient has too many bits"));
        }
        let raw = (self.peek16() >> (16 - size)) as i32;
        self.skip(size)?;
        let half = 1 << (size - 1);
        Ok(if raw < half {
            raw - (1 << size) + 1
        } else {
            raw
        })
    }

    /// To the bits behind the next restart marker.
    fn restart(&mut self) {
        (self.buffer, self.filled, self.invented) = (0, 0, 0);
        while let Some(pair) = self.bytes.get(self.at..self.at + 2) {
            match pair {
                [0xFF, 0xD0..=0xD7] => {
                    self.at += 2;
                    return;
                }
                // Another marker ends the scan: leave it.
                [0xFF, marker] if !matches!(marker, 0x00 | 0xFF) => return,
                _ => self.at += 1,
            }
        }
    }
}

const FRACTION: i32 = 13;
/// Extra bits kept between the two passes; 12-bit samples leave room for one.
const PASS: i32 = 1;

/// One dimension of the inverse transform, results scaled by `2^FRACTION`.
#[inline]
fn inverse_row(v: [i64; 8]) -> [i64; 8] {
    const F_0_298: i64 = 2446;
    const F_0_390: i64 = 3196;
    const F_0_541: i64 = 4433;
    const F_0_765: i64 = 6270;
    const F_0_899: i64 = 7373;
    const F_1_175: i64 = 9633;
    const F_1_501: i64 = 12299;
    const F_1_847: i64 = 15137;
    const F_1_961: i64 = 16069;
    const F_2_053: i64 = 16819;
    const F_2_562: i64 = 20995;
    const F_3_072: i64 = 25172;
    // Even part.
    let z = (v[2] + v[6]) * F_0_541;
    let (t2, t3) = (z - v[6] * F_1_847, z + v[2] * F_0_765);
    let (t0, t1) = ((v[0] + v[4]) << FRACTION, (v[0] - v[4]) << FRACTION);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    // Odd part.
    let (z1, z2, z3, z4) = (v[7] + v[1], v[5] + v[3], v[7] + v[3], v[5] + v[1]);
    let z5 = (z3 + z4) * F_1_175;
    let (z1, z2) = (-z1 * F_0_899, -z2 * F_2_562);
    let (z3, z4) = (z5 - z3 * F_1_961, z5 - z4 * F_0_390);
    let odd = [
        v[1] * F_1_501 + z1 + z4,
        v[3] * F_3_072 + z2 + z3,
        v[5] * F_2_053 + z2 + z4,
        v[7] * F_0_298 + z1 + z3,
    ];
    [
        even[0] + odd[0],
        even[1] + odd[1],
        even[2] + odd[2],
        even[3] + odd[3],
        even[3] - odd[3],
        even[2] - odd[2],
        even[1] - odd[1],
        even[0] - odd[0],
    ]
}

fn inverse_transform(coefficients: &[i32; 64], out: &mut [u16], stride: usize) {
    let descale = |value: i64, bits: i32| (value + (1 << (bits - 1))) >> bits;
    let mut work = [0_i64; 64];
    for column in 0..8 {
        let input = std::array::from_fn(|row| i64::from(coefficients[row * 8 + column]));
        for (row, value) in inverse_row(input).into_iter().enumerate() {
            work[row * 8 + column] = descale(value, FRACTION - PASS);
        }
    }
    for row in 0..8 {
        let input = std::array::from_fn(|column| work[row * 8 + column]);
        for (column, value) in inverse_row(input).into_iter().enumerate() {
            out[row * stride + column] =
                (descale(value, FRACTION + PASS + 3) + 2048).clamp(0, 4095) as u16;
        }
    }
}
