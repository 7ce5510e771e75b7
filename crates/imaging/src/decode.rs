//! One frame of a file to samples.

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use domain::ImageFormat;

use crate::codec::jpeg::Process;
use crate::codec::{Decoded, jpeg, jpeg_2000, jpeg_extended, jpeg_ls, native, rle};
use crate::dicom::part10::{DicomFile, inflate};
use crate::dicom::pixels::{Photometric, PixelBytes, PixelFormat};
use crate::raster::{GreyRaster, Raster, RgbRaster, Samples, each_kind};
use crate::transfer_syntax::{self, DEFLATED_FRAMES};
use crate::{ImagingError, Limits, photo, sniff};

/// Decodes one frame, counted from 0.
///
/// # Errors
/// [`ImagingError`]: the file is no image, too large, cut off, damaged, compressed in a way that
/// is not decoded here, or has no such frame.
pub fn decode(bytes: &[u8], frame: u32, limits: &Limits) -> Result<Raster, ImagingError> {
    limits.check_bytes(bytes.len())?;
    match sniff(bytes) {
        Some(ImageFormat::Dicom) => decode_dicom(&DicomFile::open(bytes, limits)?, frame, limits),
        Some(_) if frame > 0 => Err(ImagingError::FrameOutOfRange { frame, frames: 1 }),
        Some(ImageFormat::Png) => photo::decode_png(bytes, limits),
        Some(ImageFormat::Jpeg) => photo::decode_jpeg(bytes, limits),
        None => Err(ImagingError::NotAnImage {
            what: sniff::name_of_stranger(bytes).to_owned(),
        }),
    }
}

/// Decodes one frame of an opened DICOM file, counted from 0.
///
/// # Errors
/// As [`decode`].
pub fn decode_dicom(
    file: &DicomFile<'_>,
    frame: u32,
    limits: &Limits,
) -> Result<Raster, ImagingError> {
    let (format, decoded) = decoded_frame(file, frame, limits)?;
    match format.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => {
            Ok(Raster::Grey(grey(file, frame, &format, decoded)))
        }
        Photometric::Palette => palette(file, &format, &decoded).map(Raster::Rgb8),
        _ => colour(&format, decoded).map(Raster::Rgb8),
    }
}

/// The samples of one frame of an opened DICOM file as they were before they were compressed: entries of the palette
/// stay such, and colour of more than 8 bits keeps them. Other colour comes as red, green and blue.
///
/// # Errors
/// As [`decode`].
pub(crate) fn stored_samples(
    file: &DicomFile<'_>,
    frame: u32,
    limits: &Limits,
) -> Result<Samples, ImagingError> {
    let (format, decoded) = decoded_frame(file, frame, limits)?;
    match format.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette => {
            Ok(stored_values(decoded, &format))
        }
        Photometric::Rgb if format.bits_allocated > 8 => Ok(decoded.samples),
        _ => Ok(Samples::U8(colour(&format, decoded)?.pixels)),
    }
}

fn decoded_frame(
    file: &DicomFile<'_>,
    frame: u32,
    limits: &Limits,
) -> Result<(PixelFormat, Decoded), ImagingError> {
    crate::inspect::require_pixels(file)?;
    let format = file.pixel_format(limits)?;
    let decoded = match file.pixel_bytes(frame, &format, limits)? {
        PixelBytes::Native { bytes, words } => {
            let layout = native::Layout {
                big_endian: file.pixels_big_endian(),
                words,
            };
            plain(native::frame(bytes, frame, &format, &layout)?, &format)
        }
        PixelBytes::Encapsulated(bytes) => {
            encapsulated(&bytes, file.transfer_syntax_uid(), &format, limits)?
        }
    };
    let due = format.pixels() * format.samples_per_pixel as usize;
    if decoded.samples.len() != due {
        return Err(ImagingError::truncated(
            "the decoded image",
            due,
            decoded.samples.len(),
        ));
    }
    Ok((format, decoded))
}

/// A stream of another size than the header's is refused before anything is allocated for it.
fn agrees(
    format: &PixelFormat,
    width: u32,
    height: u32,
    components: u32,
) -> Result<(), ImagingError> {
    let (columns, rows, samples) = (format.columns, format.rows, format.samples_per_pixel);
    if (width, height, components) == (columns, rows, samples) {
        return Ok(());
    }
    Err(ImagingError::corrupt(format!(
        "the compressed image has {width} x {height} pixels of {components} samples, \
         the header says {columns} x {rows} of {samples}"
    )))
}

fn plain(samples: Samples, format: &PixelFormat) -> Decoded {
    Decoded {
        bits: format.bits_allocated,
        signed: false,
        is_rgb: false,
        samples,
    }
}

fn encapsulated(
    bytes: &[u8],
    transfer_syntax: &str,
    format: &PixelFormat,
    limits: &Limits,
) -> Result<Decoded, ImagingError> {
    if transfer_syntax == DEFLATED_FRAMES {
        let inflated = inflate(bytes, limits.maximum_inflated_bytes)?;
        let layout = native::Layout {
            big_endian: false,
            words: false,
        };
        return Ok(plain(native::frame(&inflated, 0, format, &layout)?, format));
    }
    if bytes.starts_with(&[0xFF, 0xD8]) {
        return any_jpeg(bytes, format, limits);
    }
    if jpeg_2000::is_jpeg_2000(bytes) {
        let header = jpeg_2000::header(bytes)?;
        agrees(format, header.width, header.height, header.components)?;
        return jpeg_2000::decode(bytes, limits);
    }
    if transfer_syntax == uids::RLE_LOSSLESS {
        return Ok(plain(rle::decode(bytes, format)?, format));
    }
    if transfer_syntax::is_decodable(transfer_syntax) {
        let name = transfer_syntax::name(transfer_syntax);
        return Err(ImagingError::corrupt(format!(
            "its pixel data is no {name} stream"
        )));
    }
    Err(ImagingError::UnsupportedTransferSyntax {
        uid: transfer_syntax.to_owned(),
        name: transfer_syntax::name(transfer_syntax).to_owned(),
    })
}

fn any_jpeg(bytes: &[u8], format: &PixelFormat, limits: &Limits) -> Result<Decoded, ImagingError> {
    let header = jpeg::header(bytes)?;
    // 0 rows are legal in T.81 when a DNL segment follows; nobody writes it.
    agrees(format, header.width, header.height, header.components)?;
    match header.process {
        Process::LosslessLs => jpeg_ls::decode(bytes, limits),
        Process::Extended if header.precision > 8 => {
            jpeg_extended::decode(bytes, &header, format.photometric)
        }
        Process::Baseline | Process::Extended | Process::Progressive | Process::Lossless => {
            jpeg::decode(bytes, &header, format.photometric)
        }
        Process::Other(marker) => Err(ImagingError::unsupported(format!(
            "the JPEG process of marker FF{marker:02X} is retired"
        ))),
    }
}

fn grey(file: &DicomFile<'_>, frame: u32, format: &PixelFormat, decoded: Decoded) -> GreyRaster {
    let is_compressed = decoded.bits != format.bits_allocated || decoded.signed;
    let samples = stored_values(decoded, format);
    let modality = file.modality(frame, format.signed);
    let output_signed = format.signed
        || matches!(modality, crate::voi::Modality::Rescale { intercept, .. } if intercept < 0.0);
    // A stream may hold more bits than the header admits to.
    let needed = match samples.range(None) {
        Some((low, high)) if is_compressed => {
            let widest = high.max(-(low + 1)).max(0);
            i64::BITS - widest.leading_zeros() + u32::from(format.signed)
        }
        _ => 0,
    };
    GreyRaster {
        width: format.columns,
        height: format.rows,
        bits_stored: format.bits_stored.max(needed).min(32) as u8,
        signed: format.signed,
        inverted: format.photometric == Photometric::Monochrome1,
        modality,
        voi_tables: file.voi_tables(frame, output_signed),
        windows: file
            .windows(frame)
            .into_iter()
            .map(|preset| preset.window)
            .collect(),
        padding: file.padding(format.signed),
        samples,
    }
}

/// Unused bits removed and the sign spread (PS3.5 8.1.1). Compressed streams keep no unused bits.
fn stored_values(decoded: Decoded, format: &PixelFormat) -> Samples {
    if decoded.signed {
        return if format.signed {
            decoded.samples
        } else {
            unsigned(decoded.samples, decoded.bits)
        };
    }
    let is_native = decoded.bits == format.bits_allocated;
    let shift = if is_native {
        format.high_bit + 1 - format.bits_stored
    } else {
        0
    };
    let bits = if is_native {
        format.bits_stored
    } else {
        format.bits_stored.min(decoded.bits)
    };
    if !format.signed {
        if !is_native || bits == decoded.bits {
            return decoded.samples;
        }
        let mask = (1_u64 << bits) - 1;
        // As wide as the values are, so that many are done at once; none is as narrow as its shift.
        return match decoded.samples {
            Samples::U8(mut values) => {
                let mask = mask as u8;
                values
                    .iter_mut()
                    .for_each(|value| *value = *value >> shift & mask);
                Samples::U8(values)
            }
            Samples::U16(mut values) => {
                let mask = mask as u16;
                values
                    .iter_mut()
                    .for_each(|value| *value = *value >> shift & mask);
                Samples::U16(values)
            }
            Samples::U32(mut values) => {
                let mask = mask as u32;
                values
                    .iter_mut()
                    .for_each(|value| *value = *value >> shift & mask);
                Samples::U32(values)
            }
            signed => signed,
        };
    }
    // Up to the top of 64 bits and back down spreads the sign.
    let spread = |value: u64| (value >> shift << (64 - bits)).cast_signed() >> (64 - bits);
    match decoded.samples {
        Samples::U8(values) => Samples::I16(
            values
                .into_iter()
                .map(|value| spread(u64::from(value)) as i16)
                .collect(),
        ),
        Samples::U16(values) => Samples::I16(
            values
                .into_iter()
                .map(|value| spread(u64::from(value)) as i16)
                .collect(),
        ),
        Samples::U32(values) => Samples::I32(
            values
                .into_iter()
                .map(|value| spread(u64::from(value)) as i32)
                .collect(),
        ),
        signed => signed,
    }
}

/// Signed streams under an unsigned header: the header wins, bits are kept.
fn unsigned(samples: Samples, bits: u32) -> Samples {
    let mask = (1_u64 << bits.min(32)) - 1;
    each_kind!(samples, values => {
        let bits = values.into_iter().map(|value| i64::from(value).cast_unsigned() & mask);
        if mask > 0xFFFF { Samples::U32(bits.map(|value| value as u32).collect()) } else { Samples::U16(bits.map(|value| value as u16).collect()) }
    })
}

/// Three samples a pixel to 8-bit red, green, blue.
fn colour(format: &PixelFormat, decoded: Decoded) -> Result<RgbRaster, ImagingError> {
    let is_rgb = decoded.is_rgb
        || matches!(
            format.photometric,
            Photometric::Rgb | Photometric::YbrTransformed
        );
    let is_ycbcr = matches!(
        format.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    );
    let from_jpeg = decoded.bits != format.bits_allocated;
    let bits = if from_jpeg {
        decoded.bits
    } else {
        format.bits_stored
    };
    let mut pixels = match decoded.samples {
        Samples::U8(values) if bits == 8 => values,
        samples => {
            each_kind!(samples, values => values.into_iter().map(|value| to_byte(i64::from(value), bits)).collect())
        }
    };
    if is_ycbcr && !is_rgb {
        pixels
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .for_each(ycbcr_to_rgb);
    } else if !is_rgb {
        return Err(ImagingError::unsupported(
            "their photometric interpretation is retired or unknown",
        ));
    }
    Ok(RgbRaster {
        width: format.columns,
        height: format.rows,
        pixels,
    })
}

fn to_byte(value: i64, bits: u32) -> u8 {
    if bits <= 8 {
        let highest = (1_i64 << bits) - 1;
        return ((value.clamp(0, highest) * 255 + highest / 2) / highest) as u8;
    }
    (value >> (bits - 8)).clamp(0, 255) as u8
}

/// PS3.3 C.7.6.3.1.2, YBR_FULL: the matrix of ITU-R BT.601 over the full range.
fn ycbcr_to_rgb(pixel: &mut [u8; 3]) {
    let [y, blue, red] = [
        f32::from(pixel[0]),
        f32::from(pixel[1]) - 128.0,
        f32::from(pixel[2]) - 128.0,
    ];
    let mixed = [
        y + 1.402 * red,
        y - 0.344_136 * blue - 0.714_136 * red,
        y + 1.772 * blue,
    ];
    *pixel = mixed.map(|value| value.round().clamp(0.0, 255.0) as u8);
}

/// PALETTE COLOR (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6).
fn palette(
    file: &DicomFile<'_>,
    format: &PixelFormat,
    decoded: &Decoded,
) -> Result<RgbRaster, ImagingError> {
    let channel = |descriptor: Tag, data: Tag, segmented: Tag| {
        if file.dataset.find(segmented).is_some() && file.dataset.find(data).is_none() {
            return Err(ImagingError::unsupported("their colour table is segmented"));
        }
        let missing = || ImagingError::MissingAttribute {
            name: "a Palette Color Lookup Table (0028,1101) to (0028,1203)".into(),
        };
        let (entries, first, bits) = file
            .descriptor(&file.dataset, descriptor, format.signed)
            .ok_or_else(missing)?;
        let mut table = file.table(&file.dataset, data, entries);
        table.truncate(entries);
        let lookup = crate::voi::LookupTable::new(first, bits, table).ok_or_else(missing)?;
        // Some writers put 8-bit entries into tables that say 16.
        let shift = lookup.bits.saturating_sub(8);
        let flat = lookup.entries.iter().all(|entry| *entry < 256);
        Ok(move |value: i64| (lookup.apply(value) >> if flat { 0 } else { shift }) as u8)
    };
    let red = channel(
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    )?;
    let green = channel(
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    )?;
    let blue = channel(
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    )?;
    let pixels = each_kind!(&decoded.samples, values => values
        .iter()
        .map(|value| i64::from(*value))
        .flat_map(|value| [red(value), green(value), blue(value)])
        .collect());
    Ok(RgbRaster {
        width: format.columns,
        height: format.rows,
        pixels,
    })
}
