//! Samples to a picture for eyes and models: sign, modality transformation, VOI transformation,
//! and MONOCHROME1 inversion last (PS3.4 N.2).
//!
//! The rendering is our own because ready-made conversions pass black pictures as fine: 8 bits
//! stored in 16 allocated, signed values without a window, and windows that miss the data.

use serde::Serialize;

use crate::picture::Picture;
use crate::raster::{GreyRaster, Raster, Samples, each_kind};
use crate::voi::{LookupTable, Modality, Window};

/// What made the grey of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum AppliedVoi {
    /// The caller's window.
    Requested {
        /// The window.
        window: Window,
    },
    /// The film's first VOI table.
    FilmTable,
    /// The film's first window.
    FilmWindow {
        /// The window.
        window: Window,
    },
    /// All values that the stored bits can hold; for 8 bits and fewer.
    FullRange {
        /// The window this amounts to.
        window: Window,
    },
    /// The lowest to the highest value of the data, padding left out.
    DataRange {
        /// The window this amounts to.
        window: Window,
    },
    /// Colour is shown as it is.
    Colour,
}

/// A picture and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The picture, in display orientation.
    pub picture: Picture,
    /// What made its grey.
    pub voi: AppliedVoi,
    /// The film's own window or table showed nothing and was passed over.
    pub film_voi_unusable: bool,
}

/// Renders a frame to 8 bits. `window` overrides everything the film brings along.
#[must_use]
pub fn render(raster: &Raster, window: Option<Window>) -> Picture {
    render_with_report(raster, window).picture
}

/// Renders a frame to 8 bits and says how.
///
/// Without a usable `window` the order is: the film's VOI table, its first window, the full range
/// for 8 unsigned bits and fewer, the range of the data. A table or window of the film under which
/// data that differ become one value is passed over.
#[must_use]
pub fn render_with_report(raster: &Raster, window: Option<Window>) -> Rendered {
    let grey = match raster {
        Raster::Grey(grey) => grey,
        Raster::Rgb8(rgb) => {
            return Rendered {
                picture: Picture::rgb(rgb.width, rgb.height, rgb.pixels.clone()),
                voi: AppliedVoi::Colour,
                film_voi_unusable: false,
            };
        }
    };
    if let Some(window) = window.filter(Window::is_usable) {
        return Rendered {
            picture: picture(grey, &Curve::Window(window)),
            voi: AppliedVoi::Requested { window },
            film_voi_unusable: false,
        };
    }
    let mut film_voi_unusable = false;
    if let Some((curve, voi)) = film_voi(grey) {
        let picture = picture(grey, &curve);
        if picture.uniform().is_none() || raster.is_uniform() {
            return Rendered {
                picture,
                voi,
                film_voi_unusable,
            };
        }
        film_voi_unusable = true;
    }
    let voi = own_voi(grey);
    Rendered {
        picture: picture(grey, &Curve::Window(window_of(voi))),
        voi,
        film_voi_unusable,
    }
}

/// The window a viewer begins with: the film's first one, or the one [`render`] would make up.
pub(crate) fn starting_window(grey: &GreyRaster) -> Window {
    grey.windows
        .first()
        .copied()
        .unwrap_or_else(|| window_of(own_voi(grey)))
}

enum Curve<'a> {
    Window(Window),
    Table(&'a LookupTable),
}

impl Curve<'_> {
    fn grey(&self, value: f64) -> f64 {
        match self {
            Self::Window(window) => window.apply(value),
            Self::Table(table) => table.grey(value),
        }
    }
}

/// A table comes before a window when a film has both, as it is the more exact of two alternatives.
fn film_voi(grey: &GreyRaster) -> Option<(Curve<'_>, AppliedVoi)> {
    if let Some(table) = grey.voi_tables.first() {
        return Some((Curve::Table(table), AppliedVoi::FilmTable));
    }
    let window = *grey.windows.first()?;
    Some((Curve::Window(window), AppliedVoi::FilmWindow { window }))
}

fn window_of(voi: AppliedVoi) -> Window {
    match voi {
        AppliedVoi::Requested { window }
        | AppliedVoi::FilmWindow { window }
        | AppliedVoi::FullRange { window }
        | AppliedVoi::DataRange { window } => window,
        AppliedVoi::FilmTable | AppliedVoi::Colour => Window::linear(128.0, 256.0),
    }
}

fn own_voi(grey: &GreyRaster) -> AppliedVoi {
    let range = grey
        .samples
        .range(grey.padding)
        .or_else(|| grey.samples.range(None))
        .unwrap_or((0, 0));
    let full = (0, (1_i64 << grey.bits_stored.min(62)) - 1);
    let is_small = grey.bits_stored <= 8
        && !grey.signed
        && range.1 <= full.1
        && grey.modality == Modality::IDENTITY;
    let (low, high) = if is_small { full } else { range };
    let (a, b) = match &grey.modality {
        Modality::Rescale { .. } => (grey.modality.apply(low), grey.modality.apply(high)),
        // A table need not rise: its own span is what can come out of it.
        Modality::Table(table) => {
            let lowest = table.entries.iter().min().copied().unwrap_or(0);
            let highest = table.entries.iter().max().copied().unwrap_or(0);
            (f64::from(lowest), f64::from(highest))
        }
    };
    let window = Window::spanning(a.min(b), a.max(b));
    if is_small {
        AppliedVoi::FullRange { window }
    } else {
        AppliedVoi::DataRange { window }
    }
}

fn picture(grey: &GreyRaster, curve: &Curve<'_>) -> Picture {
    let shade = |stored: i64| {
        let share = curve.grey(grey.modality.apply(stored)).clamp(0.0, 1.0);
        let byte = (share * 255.0 + 0.5) as u8;
        if grey.inverted { 255 - byte } else { byte }
    };
    // All values of 16 bits are fewer than the pixels of a film: work each one out once.
    let pixels = match &grey.samples {
        Samples::U8(values) => {
            let shades = shades(u8::MAX.into(), |value| shade(value.into()));
            values
                .iter()
                .map(|value| shades[usize::from(*value)])
                .collect()
        }
        Samples::U16(values) => {
            // By value, which is done for many at once; by reference it takes longer than everything else here.
            let highest = values.iter().copied().fold(0, u16::max);
            let shades = shades(highest, |value| shade(value.into()));
            values
                .iter()
                .map(|value| shades[usize::from(*value)])
                .collect()
        }
        Samples::I16(values) => {
            let shades = shades(u16::MAX, |value| shade(value.cast_signed().into()));
            let at = |value: &i16| usize::from(value.cast_unsigned());
            values.iter().map(|value| shades[at(value)]).collect()
        }
        wide => {
            each_kind!(wide, values => values.iter().map(|value| shade(i64::from(*value))).collect())
        }
    };
    Picture::grey(grey.width, grey.height, pixels)
}

/// The shade of each value up to the highest that there is. The rest is never looked at, and there so that none can lie
/// outside: a film has a million pixels to look up.
fn shades(highest: u16, shade: impl Fn(u16) -> u8) -> Box<[u8; 1 << 16]> {
    let mut shades = Box::new([0; 1 << 16]);
    for (to, value) in shades.iter_mut().zip(0..=highest) {
        *to = shade(value);
    }
    shades
}
