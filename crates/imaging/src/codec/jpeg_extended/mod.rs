//! JPEG extended sequential with 12-bit samples (ITU T.81 process 4; transfer syntax .51).
//!
//! Own code: no crate on the shelf decodes 12-bit DCT. The inverse transform is the integer one
//! of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13 fractional bits, as in the IJG
//! library built for 12 bits, so that pixels equal those of the usual toolkits.

mod huffman;
mod transform;

use huffman::{Bits, Huffman};
use transform::inverse_transform;

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
