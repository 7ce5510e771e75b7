//! What the AI looked at, as a picture: the film as a reader sees it with the heatmap over it, above a band that says what
//! it is. A Secondary Capture image (PS3.3 section A.8.1) without loss.

use ab_glyph::{Font as _, PxScale, ScaleFont as _, point};
use ai::Heatmap;
use db::images::Image;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use imaging::Picture;

use crate::{
    Document, ResultError, SignedResult, Zone,
    head::{Put as _, Series, head, instance_uid, reference, written},
    pdf::{Face, Fonts},
};

const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
const SERIES: Series = Series {
    kind: "secondary-capture",
    modality: "OT",
    number: 9002,
    description: "AI heatmap",
};
/// The longer side of the film in the picture, at most.
const LONGEST: u32 = 1_536;
/// The shorter side of what is too small to write on, at least.
const WIDEST_NEEDED: u32 = 512;

/// The film that a heatmap is of, and the map.
#[derive(Debug)]
pub struct Mapped<'a> {
    /// The film.
    pub film: &'a Image,
    map: Heatmap,
}

impl SignedResult {
    /// The film with a heatmap, where there is one.
    #[must_use]
    pub fn mapped(&self) -> Option<Mapped<'_>> {
        let maps = self.analysis.as_ref()?.attention_maps.as_ref()?;
        let id = maps["image_id"].as_str()?;
        let mut films = self.films.iter();
        let film = films.find(|film| film.image_id.to_string() == id)?;
        let map = Heatmap::read_stored(maps.get("heatmap")?)?;
        Some(Mapped { film, map })
    }
}

/// The picture that is shown of a film (`picture`), with the heatmap.
///
/// # Errors
/// [`ResultError`].
pub fn secondary_capture(
    result: &SignedResult,
    mapped: &Mapped<'_>,
    picture: &Picture,
    zone: Zone,
) -> Result<Document, ResultError> {
    // The map is the same in every state: it is the first one's.
    let states = result.states();
    let state = states
        .first()
        .copied()
        .map_or_else(|| result.present(), Ok)?;
    let lines = words(result);
    let (width, height, pixels) = drawn(mapped, picture, &lines)?;
    let mut object = head(result, CLASS, SERIES, state, zone(state.at))?;
    object.text(tags::IMAGE_TYPE, VR::CS, "DERIVED\\SECONDARY");
    object.text(tags::CONVERSION_TYPE, VR::CS, "WSD");
    object.text(tags::BURNED_IN_ANNOTATION, VR::CS, "YES");
    object.text(tags::PATIENT_ORIENTATION, VR::CS, "");
    let described = format!(
        "Film as shown, at most {LONGEST} pixels a side, with the heatmap of an AI model over it and a band of text above"
    );
    object.text(tags::DERIVATION_DESCRIPTION, VR::ST, described);
    let source = result
        .dicom_films()
        .into_iter()
        .find(|film| film.image.image_id == mapped.film.image_id);
    if let Some(film) = source {
        object.items(tags::SOURCE_IMAGE_SEQUENCE, vec![reference(film)]);
        let lossy = film.text(tags::LOSSY_IMAGE_COMPRESSION);
        // What was lost once stays lost.
        if lossy == "01" {
            object.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, lossy);
        }
    } else if mapped.film.image_format == domain::ImageFormat::Jpeg {
        object.text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
    }
    image(&mut object, width, height, pixels);
    let uid = instance_uid(SERIES, state, &object, CLASS)?;
    written(object, CLASS, &uid)
}

/// The lines of the band.
fn words(result: &SignedResult) -> Vec<String> {
    let model = result
        .model()
        .map(|(name, version)| format!("{name} {version}"));
    let model = model.unwrap_or_default();
    vec![
        "AI HEATMAP. Decision support, not a diagnosis.".to_owned(),
        "It shows where the model looked, not where disease is.".to_owned(),
        format!("Model: {}", model.trim()),
    ]
}

fn image(object: &mut InMemDicomObject, width: u16, height: u16, pixels: Vec<u8>) {
    let mut number = |tag, value: u16| {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    };
    number(tags::SAMPLES_PER_PIXEL, 3);
    number(tags::PLANAR_CONFIGURATION, 0);
    number(tags::ROWS, height);
    number(tags::COLUMNS, width);
    number(tags::BITS_ALLOCATED, 8);
    number(tags::BITS_STORED, 8);
    number(tags::HIGH_BIT, 7);
    number(tags::PIXEL_REPRESENTATION, 0);
    object.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB");
    let mut pixels = pixels;
    if pixels.len() % 2 == 1 {
        pixels.push(0);
    }
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PrimitiveValue::U8(pixels.into()),
    ));
}

/// Film and map under the band.
fn drawn(
    mapped: &Mapped<'_>,
    picture: &Picture,
    lines: &[String],
) -> Result<(u16, u16, Vec<u8>), ResultError> {
    let unwritable = |what: String| ResultError::Unwritable(what);
    let film = if picture.width().max(picture.height()) > LONGEST {
        picture.resize_to_fit(LONGEST)
    } else {
        picture.clone()
    };
    let map = ai::heatmap_png(&mapped.map, film.width(), film.height())
        .map_err(|error| unwritable(error.to_string()))?;
    let map = image::load_from_memory_with_format(&map, image::ImageFormat::Png)
        .map_err(|error| unwritable(error.to_string()))?
        .into_rgba8();
    let width = film.width().max(WIDEST_NEEDED);
    let size = (width as f32 / 32.0).clamp(14.0, 40.0);
    let room = (size * 1.3).ceil() as u32;
    let band = room * lines.len() as u32 + room / 2;
    let height = film.height() + band;
    let mut pixels = vec![0_u8; width as usize * height as usize * 3];
    let left = (width - film.width()) / 2;
    for (x, y, over) in map.enumerate_pixels() {
        let at = (y as usize * film.width() as usize + x as usize) * usize::from(film.channels());
        let under = |channel: usize| match film.channels() {
            1 => film.pixels()[at],
            _ => film.pixels()[at + channel],
        };
        let [.., alpha] = over.0;
        let to = ((y + band) as usize * width as usize + (x + left) as usize) * 3;
        for channel in 0..3 {
            pixels[to + channel] = mixed(under(channel), over.0[channel], f32::from(alpha) / 255.0);
        }
    }
    let fonts = Fonts::read()?;
    for (number, line) in lines.iter().enumerate() {
        let baseline = room as f32 * (number as f32 + 1.0);
        write(&mut pixels, width, baseline, size, line, &fonts);
    }
    let side = |side: u32| {
        u16::try_from(side).map_err(|_| unwritable("a side is beyond 65,535 pixels".to_owned()))
    };
    Ok((side(width)?, side(height)?, pixels))
}

fn mixed(under: u8, over: u8, share: f32) -> u8 {
    (f32::from(under) * (1.0 - share) + f32::from(over) * share).round() as u8
}

/// Writes a line in white; what no font has stands as its number, and a line too wide is made smaller.
fn write(pixels: &mut [u8], width: u32, baseline: f32, size: f32, line: &str, fonts: &Fonts) {
    let (line, _) = fonts.writable(line);
    let faces: Vec<(char, Face)> = line
        .chars()
        .map(|sign| (sign, fonts.face_of(sign, Face::Bold).unwrap_or(Face::Bold)))
        .collect();
    let length: f32 = faces
        .iter()
        .map(|(sign, face)| fonts.width(*sign, *face))
        .sum();
    let margin = size / 2.0;
    let size = size.min((width as f32 - 2.0 * margin) / length.max(0.1));
    let mut x = margin;
    for (sign, face) in faces {
        let font = fonts.of(face);
        // A font's size here is the height of its lines; elsewhere it is that of its em.
        let em = font.units_per_em().unwrap_or(1_000.0);
        let scaled = font.as_scaled(PxScale::from(size * font.height_unscaled() / em));
        let glyph = scaled
            .glyph_id(sign)
            .with_scale_and_position(scaled.scale(), point(x, baseline));
        if let Some(outline) = scaled.font().outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            outline.draw(|dx, dy, share| {
                let (px, py) = (bounds.min.x + dx as f32, bounds.min.y + dy as f32);
                if px < 0.0 || py < 0.0 || px >= width as f32 {
                    return;
                }
                let at = (py as usize * width as usize + px as usize) * 3;
                if let Some(pixel) = pixels.get_mut(at..at + 3) {
                    for channel in pixel {
                        *channel = mixed(*channel, 255, share.clamp(0.0, 1.0));
                    }
                }
            });
        }
        x += fonts.width(sign, face) * size;
    }
}
