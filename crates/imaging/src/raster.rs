//! Decoded samples, before any window.

use serde::{Deserialize, Serialize};

use crate::voi::{LookupTable, Modality, Window};

/// Stored values of one frame, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Samples {
    /// Up to 8 bits.
    U8(Vec<u8>),
    /// Up to 16 bits.
    U16(Vec<u16>),
    /// Up to 16 bits, signed.
    I16(Vec<i16>),
    /// Up to 32 bits.
    U32(Vec<u32>),
    /// Up to 32 bits, signed.
    I32(Vec<i32>),
}

/// Runs the same expression on the vector of every kind of sample.
macro_rules! each_kind {
    ($samples:expr, $values:ident => $body:expr) => {
        match $samples {
            $crate::raster::Samples::U8($values) => $body,
            $crate::raster::Samples::U16($values) => $body,
            $crate::raster::Samples::I16($values) => $body,
            $crate::raster::Samples::U32($values) => $body,
            $crate::raster::Samples::I32($values) => $body,
        }
    };
}
pub(crate) use each_kind;

impl Samples {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        each_kind!(self, values => values.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at a position; `None` beyond the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<i64> {
        each_kind!(self, values => values.get(index).map(|value| i64::from(*value)))
    }

    /// The lowest and the highest value, those in `ignored` left out; `None` when nothing is left.
    #[must_use]
    pub fn range(&self, ignored: Option<(i64, i64)>) -> Option<(i64, i64)> {
        each_kind!(self, values => {
            // Without padding the plain loop is vectorised: 14 million samples in 3 ms.
            let Some((from, to)) = ignored else {
                let (first, rest) = values.split_first()?;
                let (low, high) = rest.iter().fold((*first, *first), |(low, high), value| (low.min(*value), high.max(*value)));
                return Some((i64::from(low), i64::from(high)));
            };
            let kept = values.iter().map(|value| i64::from(*value)).filter(|value| !(from..=to).contains(value));
            kept.fold(None, |range, value| {
                let (low, high) = range.unwrap_or((value, value));
                Some((low.min(value), high.max(value)))
            })
        })
    }
}

/// A grey frame with all that is needed to show it.
#[derive(Debug, Clone, PartialEq)]
pub struct GreyRaster {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Stored values, `width * height` of them.
    pub samples: Samples,
    /// Significant bits of a stored value, 1 to 32.
    pub bits_stored: u8,
    /// Stored values are signed.
    pub signed: bool,
    /// MONOCHROME1: the lowest value is white.
    pub inverted: bool,
    /// Stored values to the modality's.
    pub modality: Modality,
    /// VOI LUT Sequence (0028,3010), in its order.
    pub voi_tables: Vec<LookupTable>,
    /// Usable windows of the film, in its order.
    pub windows: Vec<Window>,
    /// Stored values that stand for no measurement (0028,0120 and 0028,0121), low to high.
    pub padding: Option<(i64, i64)>,
}

/// A colour frame, 8 bits a channel, red, green, blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbRaster {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 3` bytes.
    pub pixels: Vec<u8>,
}

/// One decoded frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Raster {
    /// Grey of any depth.
    Grey(GreyRaster),
    /// Colour.
    Rgb8(RgbRaster),
}

impl Raster {
    /// Columns.
    #[must_use]
    pub const fn width(&self) -> u32 {
        match self {
            Self::Grey(raster) => raster.width,
            Self::Rgb8(raster) => raster.width,
        }
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> u32 {
        match self {
            Self::Grey(raster) => raster.height,
            Self::Rgb8(raster) => raster.height,
        }
    }

    /// Whether every stored value is the same: there is nothing to see.
    #[must_use]
    pub fn is_uniform(&self) -> bool {
        match self {
            Self::Grey(raster) => raster
                .samples
                .range(None)
                .is_none_or(|(low, high)| low == high),
            Self::Rgb8(raster) => raster
                .pixels
                .first_chunk::<3>()
                .is_none_or(|first| raster.pixels.chunks_exact(3).all(|pixel| pixel == first)),
        }
    }
}

/// What the bytes of [`frame_samples_le`] mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameDescription {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// 1 for grey, 3 for red, green, blue.
    pub channels: u8,
    /// 8 or 16; 16 is little endian.
    pub bits_allocated: u8,
    /// Significant bits of a sample.
    pub bits_stored: u8,
    /// Samples are two's complement.
    pub signed: bool,
    /// The lowest value is white.
    pub inverted: bool,
    /// The modality's value is `slope * sample + intercept`.
    pub slope: f64,
    /// See `slope`.
    pub intercept: f64,
    /// The lowest sample that is no padding.
    pub lowest: i64,
    /// The highest sample that is no padding.
    pub highest: i64,
    /// The window to begin with, in values of the modality.
    pub window: Window,
    /// All windows of the film.
    pub windows: Vec<Window>,
}

/// The samples of a frame for a viewer that does its own windowing: 8 or 16-bit little endian, the
/// values stored when they fit. A modality table is applied beforehand; samples of more than
/// 16 bits are scaled linearly into 16, and `slope` and `intercept` undo it.
#[must_use]
pub fn frame_samples_le(raster: &Raster) -> (Vec<u8>, FrameDescription) {
    match raster {
        Raster::Grey(grey) => grey_samples_le(grey),
        Raster::Rgb8(rgb) => (
            rgb.pixels.clone(),
            FrameDescription {
                width: rgb.width,
                height: rgb.height,
                channels: 3,
                bits_allocated: 8,
                bits_stored: 8,
                signed: false,
                inverted: false,
                slope: 1.0,
                intercept: 0.0,
                lowest: 0,
                highest: 255,
                window: Window::linear(128.0, 256.0),
                windows: Vec::new(),
            },
        ),
    }
}

fn grey_samples_le(grey: &GreyRaster) -> (Vec<u8>, FrameDescription) {
    let (slope, intercept, table) = match &grey.modality {
        Modality::Rescale { slope, intercept } => (*slope, *intercept, None),
        Modality::Table(table) => (1.0, 0.0, Some(table)),
    };
    let (lowest, highest) = grey
        .samples
        .range(grey.padding)
        .or_else(|| grey.samples.range(None))
        .unwrap_or((0, 0));
    let mut description = FrameDescription {
        width: grey.width,
        height: grey.height,
        channels: 1,
        bits_allocated: 16,
        bits_stored: grey.bits_stored.min(16),
        signed: grey.signed,
        inverted: grey.inverted,
        slope,
        intercept,
        lowest,
        highest,
        window: crate::render::starting_window(grey),
        windows: grey.windows.clone(),
    };
    let bytes = match (&grey.samples, table) {
        (samples, Some(table)) => {
            let looked_up = |value: i64| table.apply(value);
            (description.lowest, description.highest) = lookup_range(table, lowest, highest);
            description.signed = false;
            description.bits_stored = table.bits;
            each_kind!(samples, values => values.iter().flat_map(|value| looked_up(i64::from(*value)).to_le_bytes()).collect())
        }
        (Samples::U8(values), None) => {
            description.bits_allocated = 8;
            values.clone()
        }
        (Samples::U16(values), None) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        (Samples::I16(values), None) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        (samples @ (Samples::U32(_) | Samples::I32(_)), None) => {
            let (from, to) = samples.range(None).unwrap_or((0, 0));
            let step = ((to - from) as f64 / 65_535.0).max(1.0);
            let scale = |value: i64| ((value - from) as f64 / step).round() as u16;
            description.signed = false;
            description.bits_stored = 16;
            description.slope = slope * step;
            description.intercept = intercept + slope * from as f64;
            description.lowest = i64::from(scale(lowest));
            description.highest = i64::from(scale(highest));
            each_kind!(samples, values => values.iter().flat_map(|value| scale(i64::from(*value)).to_le_bytes()).collect())
        }
    };
    (bytes, description)
}

fn lookup_range(table: &LookupTable, lowest: i64, highest: i64) -> (i64, i64) {
    let last = table.first + table.entries.len() as i64 - 1;
    let within = |value: i64| value.clamp(table.first, last);
    let from = (within(lowest) - table.first) as usize;
    let to = (within(highest) - table.first) as usize;
    let used = &table.entries[from..=to.max(from)];
    let low = used.iter().min().copied().unwrap_or(0);
    let high = used.iter().max().copied().unwrap_or(0);
    (i64::from(low), i64::from(high))
}
