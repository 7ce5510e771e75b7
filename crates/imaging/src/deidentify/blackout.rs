//! Rectangles that are made black, by device.

use dicom_core::VR;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use super::DeidentifyError;
use super::encode::{self, Element, Value};
use crate::dicom::part10::DicomFile;
use crate::raster::{GreyRaster, Raster, Samples, each_kind};
use crate::{DicomHeader, ImagingError, Limits, decode_dicom};

/// A rectangle of pixels, from the upper left corner of the stored image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Which films are covered where. A film meets a rule when it meets all that the rule says; letters' case does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlackoutRule {
    /// Manufacturer (0008,0070).
    #[serde(default)]
    pub manufacturer: Option<String>,
    /// Manufacturer's Model Name (0008,1090).
    #[serde(default)]
    pub model: Option<String>,
    /// Station Name (0008,1010).
    #[serde(default)]
    pub station: Option<String>,
    /// Modality (0008,0060).
    #[serde(default)]
    pub modality: Option<String>,
    /// Columns (0028,0011).
    #[serde(default)]
    pub columns: Option<u32>,
    /// Rows (0028,0010).
    #[serde(default)]
    pub rows: Option<u32>,
    /// What is covered.
    pub regions: Vec<Region>,
}

impl BlackoutRule {
    fn is_met_by(&self, file: &DicomFile<'_>, header: &DicomHeader) -> bool {
        let same = |wanted: &Option<String>, found: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| {
                found.is_some_and(|found| found.trim().eq_ignore_ascii_case(wanted.trim()))
            })
        };
        let number = |wanted: Option<u32>, tag| {
            wanted.is_none_or(|wanted| file.integer(tag) == Some(i64::from(wanted)))
        };
        same(&self.manufacturer, header.manufacturer.as_ref())
            && same(&self.model, header.manufacturer_model.as_ref())
            && same(&self.station, header.station_name.as_ref())
            && same(&self.modality, header.modality.as_ref())
            && number(self.columns, tags::COLUMNS)
            && number(self.rows, tags::ROWS)
    }
}

/// Covers what the rules say in all frames; whether there was a rule. The pixels of a covered film are uncompressed.
pub(super) fn apply(
    file: &DicomFile<'_>,
    header: &DicomHeader,
    elements: &mut Vec<Element>,
    rules: &[BlackoutRule],
    limits: &Limits,
) -> Result<bool, DeidentifyError> {
    let met = rules.iter().filter(|rule| rule.is_met_by(file, header));
    let regions: Vec<Region> = met.flat_map(|rule| rule.regions.iter().copied()).collect();
    if regions.is_empty() {
        return Ok(false);
    }
    let mut pixels = Vec::new();
    let mut shape = None;
    for frame in 0..file.number_of_frames() {
        let raster = decode_dicom(file, frame, limits)?;
        require_inside(&regions, &raster)?;
        shape = Some(write(raster, &regions, &mut pixels)?);
    }
    if let Some(shape) = &shape {
        shape.describe(elements, pixels);
    }
    Ok(shape.is_some())
}

fn require_inside(regions: &[Region], raster: &Raster) -> Result<(), DeidentifyError> {
    let (columns, rows) = (raster.width(), raster.height());
    let outside = regions.iter().find(|region| {
        let right = u64::from(region.x) + u64::from(region.width);
        let bottom = u64::from(region.y) + u64::from(region.height);
        right > u64::from(columns) || bottom > u64::from(rows)
    });
    match outside {
        None => Ok(()),
        Some(Region {
            x,
            y,
            width,
            height,
        }) => Err(DeidentifyError::RegionOutside {
            region: format!("{x},{y},{width},{height}"),
            columns,
            rows,
        }),
    }
}

/// How the covered pixels are stored.
struct Shape {
    colour: bool,
    bits: u16,
    stored: u16,
}

/// Appends one frame with its regions covered.
fn write(raster: Raster, regions: &[Region], out: &mut Vec<u8>) -> Result<Shape, ImagingError> {
    match raster {
        Raster::Rgb8(mut rgb) => {
            cover(&mut rgb.pixels, rgb.width, 3, regions, 0);
            out.append(&mut rgb.pixels);
            Ok(Shape {
                colour: true,
                bits: 8,
                stored: 8,
            })
        }
        Raster::Grey(grey) => write_grey(grey, regions, out),
    }
}

fn write_grey(
    mut grey: GreyRaster,
    regions: &[Region],
    out: &mut Vec<u8>,
) -> Result<Shape, ImagingError> {
    let black = black_of(&grey);
    let width = grey.width;
    each_kind!(&mut grey.samples, values => {
        let black = black.try_into().map_err(|_| ImagingError::corrupt("its bits stored contradict its samples"))?;
        cover(values, width, 1, regions, black);
    });
    let bits = match &grey.samples {
        Samples::U8(values) => {
            out.extend_from_slice(values);
            8
        }
        Samples::U16(values) => {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            16
        }
        Samples::I16(values) => {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            16
        }
        Samples::U32(values) => {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            32
        }
        Samples::I32(values) => {
            out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            32
        }
    };
    Ok(Shape {
        colour: false,
        bits,
        stored: u16::from(grey.bits_stored),
    })
}

/// The stored value that is shown black: the lowest, or the highest of an inverted film.
fn black_of(grey: &GreyRaster) -> i64 {
    let bits = u32::from(grey.bits_stored.clamp(1, 32));
    let (low, high) = if grey.signed {
        (-(1_i64 << (bits - 1)), (1_i64 << (bits - 1)) - 1)
    } else {
        (0, (1_i64 << bits) - 1)
    };
    if grey.inverted { high } else { low }
}

fn cover<T: Copy>(values: &mut [T], width: u32, channels: usize, regions: &[Region], black: T) {
    for region in regions {
        for row in region.y..region.y + region.height {
            let start = (row as usize * width as usize + region.x as usize) * channels;
            values[start..start + region.width as usize * channels].fill(black);
        }
    }
}

impl Shape {
    fn describe(&self, elements: &mut Vec<Element>, pixels: Vec<u8>) {
        let numbers = [
            (tags::SAMPLES_PER_PIXEL, if self.colour { 3 } else { 1 }),
            (tags::BITS_ALLOCATED, self.bits),
            (tags::BITS_STORED, self.stored),
            (tags::HIGH_BIT, self.stored.saturating_sub(1)),
        ];
        for (tag, number) in numbers {
            encode::put(elements, Element::number(tag, number));
        }
        if self.colour {
            encode::put(elements, Element::number(tags::PLANAR_CONFIGURATION, 0));
            encode::put(elements, Element::number(tags::PIXEL_REPRESENTATION, 0));
            encode::put(
                elements,
                Element::text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB"),
            );
        }
        // The colours of a palette are in the pixels now, and there are no fragments to find.
        let is_palette = |element: &Element| {
            element.tag.group() == 0x0028
                && matches!(element.tag.element(), 0x1101..=0x1103 | 0x1199 | 0x1201..=0x1223)
        };
        elements.retain(|element| {
            !(self.colour && is_palette(element))
                && element.tag != tags::EXTENDED_OFFSET_TABLE
                && element.tag != tags::EXTENDED_OFFSET_TABLE_LENGTHS
        });
        let element = Element {
            tag: tags::PIXEL_DATA,
            vr: if self.bits == 8 { VR::OB } else { VR::OW },
            value: Value::Bytes(pixels),
        };
        encode::put(elements, element);
    }
}
