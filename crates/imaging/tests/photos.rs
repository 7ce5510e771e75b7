//! PNG and JPEG uploads: what they are, how deep, which way up.

use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};
use imaging::write::{Identity, dicom_from_photo};
use imaging::{ImagingError, Limits, Picture, Raster, Samples, decode, inspect, render, sniff};

const WIDTH: u32 = 40;
const HEIGHT: u32 = 24;

/// Dark at the top left, bright at the bottom right.
fn ramp() -> Vec<u8> {
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x * 3 + y * 5) as u8))
        .collect()
}

fn png(pixels: &[u8], kind: ExtendedColorType) -> Vec<u8> {
    let mut out = Vec::new();
    PngEncoder::new(&mut out)
        .write_image(pixels, WIDTH, HEIGHT, kind)
        .expect("the picture is sound");
    out
}

fn jpeg(pixels: &[u8], kind: ExtendedColorType) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 100)
        .write_image(pixels, WIDTH, HEIGHT, kind)
        .expect("the picture is sound");
    out
}

/// A JPEG with an Exif orientation put behind its first marker.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    [&jpeg[..2], &exif, &jpeg[2..]].concat()
}

fn limits() -> Limits {
    Limits::default()
}

fn grey_samples(bytes: &[u8]) -> Samples {
    match decode(bytes, 0, &limits()).expect("the picture is sound") {
        Raster::Grey(grey) => grey.samples,
        Raster::Rgb8(_) => panic!("colour was not expected"),
    }
}

#[test]
fn png_of_every_kind() {
    let eight = ramp();
    assert_eq!(
        grey_samples(&png(&eight, ExtendedColorType::L8)),
        Samples::U8(eight.clone())
    );
    let sixteen: Vec<u16> = eight.iter().map(|value| u16::from(*value) * 16).collect();
    let bytes: Vec<u8> = sixteen
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect();
    let file = png(&bytes, ExtendedColorType::L16);
    assert_eq!(inspect(&file, &limits()).unwrap().bits_stored, 16);
    assert_eq!(grey_samples(&file), Samples::U16(sixteen));
    // Twelve bits in sixteen are no black picture.
    let picture = render(&decode(&file, 0, &limits()).unwrap(), None);
    assert_eq!(
        (picture.pixels().iter().min(), picture.pixels().iter().max()),
        (Some(&0), Some(&255))
    );
    // Grey saved as colour is grey again, and what is transparent is black.
    let rgb: Vec<u8> = eight.iter().flat_map(|value| [*value; 3]).collect();
    assert_eq!(
        grey_samples(&png(&rgb, ExtendedColorType::Rgb8)),
        Samples::U8(eight.clone())
    );
    let transparent: Vec<u8> = eight.iter().flat_map(|value| [*value, 0]).collect();
    assert_eq!(
        grey_samples(&png(&transparent, ExtendedColorType::La8)),
        Samples::U8(vec![0; eight.len()])
    );
    let coloured: Vec<u8> = eight.iter().flat_map(|value| [*value, 0, 9]).collect();
    assert!(
        matches!(decode(&png(&coloured, ExtendedColorType::Rgb8), 0, &limits()), Ok(Raster::Rgb8(rgb)) if rgb.pixels == coloured)
    );
}

#[test]
fn jpeg_turned_by_exif_stands_upright() {
    let upright = jpeg(&ramp(), ExtendedColorType::L8);
    let lying = turned(&upright, 6);
    let inspection = inspect(&lying, &limits()).unwrap();
    assert_eq!((inspection.width, inspection.height), (HEIGHT, WIDTH));
    let picture = render(&decode(&lying, 0, &limits()).unwrap(), None);
    assert_eq!((picture.width(), picture.height()), (HEIGHT, WIDTH));
    // Orientation 6 is turned right by 90 degrees: the top left comes to the top right.
    let row = &picture.pixels()[..HEIGHT as usize];
    assert!(row[0] > 100 && row[HEIGHT as usize - 1] < 8, "{row:?}");
}

#[test]
fn refusals_name_the_fault() {
    let small = Limits {
        maximum_pixels: 100,
        ..limits()
    };
    for file in [
        png(&ramp(), ExtendedColorType::L8),
        jpeg(&ramp(), ExtendedColorType::L8),
    ] {
        assert_eq!(
            inspect(&file, &small).unwrap_err().code(),
            "too_many_pixels"
        );
        assert_eq!(
            decode(&file, 0, &small).unwrap_err().code(),
            "too_many_pixels"
        );
        assert_eq!(
            decode(&file, 1, &limits()).unwrap_err().code(),
            "frame_out_of_range"
        );
        let tiny = Limits {
            maximum_bytes: 10,
            ..limits()
        };
        assert_eq!(inspect(&file, &tiny).unwrap_err().code(), "too_large");
        assert!(decode(&file[..file.len() / 3], 0, &limits()).is_err());
        let mut longer = file.clone();
        longer.extend_from_slice(b"<script>alert(1)</script>");
        assert_eq!(inspect(&longer, &limits()).unwrap().trailing_bytes, 25);
        assert!(decode(&longer, 0, &limits()).is_ok());
    }
    // A header of a few bytes that claims a huge picture costs nothing.
    let mut bomb = png(&ramp(), ExtendedColorType::L8);
    bomb[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    assert_eq!(
        inspect(&bomb, &limits()).unwrap_err().code(),
        "too_many_pixels"
    );
    let mut cmyk = jpeg(&ramp(), ExtendedColorType::L8);
    let frame = cmyk
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    cmyk[frame + 9] = 4;
    assert_eq!(
        decode(&cmyk, 0, &limits()).unwrap_err().code(),
        "unsupported_pixels"
    );
}

#[test]
fn strangers_are_refused() {
    let strangers: [(&[u8], &str); 8] = [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"  <!DOCTYPE html><p>", "HTML"),
        (b"PK\x03\x04 archive of something", "ZIP"),
        (b"%PDF-1.7 document", "PDF"),
        (b"GIF89a picture", "GIF"),
        (b"MZ\x90\0 program", "program"),
        (b"", "empty"),
        (b"just some words that are nothing", "neither"),
    ];
    for (bytes, word) in strangers {
        assert_eq!(sniff(bytes), None, "{word}");
        let error = inspect(bytes, &limits()).unwrap_err();
        assert_eq!(error.code(), "not_an_image");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn pictures_shrink_and_encode() {
    let picture = Picture::grey(WIDTH, HEIGHT, ramp());
    let small = imaging::thumbnail(&picture, 10);
    assert_eq!((small.width(), small.height()), (10, 6));
    assert_eq!(imaging::thumbnail(&picture, 100), picture);
    let again = render(
        &decode(&picture.encode_png().unwrap(), 0, &limits()).unwrap(),
        None,
    );
    assert_eq!(again, picture);
    let lossy = render(
        &decode(&picture.encode_jpeg(95).unwrap(), 0, &limits()).unwrap(),
        None,
    );
    let farthest = lossy
        .pixels()
        .iter()
        .zip(picture.pixels())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(farthest < Some(12), "{farthest:?}");
    let colours = (0..64_u8)
        .flat_map(|y| (0..64_u8).flat_map(move |x| [x * 4, y * 4, 128]))
        .collect();
    let painted = Picture::rgb(64, 64, colours);
    let seen = render(
        &decode(&painted.encode_jpeg(95).unwrap(), 0, &limits()).unwrap(),
        None,
    );
    assert_eq!((seen.width(), seen.height()), (64, 64));
    let farthest = seen
        .pixels()
        .iter()
        .zip(painted.pixels())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(farthest < Some(16), "{farthest:?}");
    let endless = Picture::grey(70_000, 1, vec![0; 70_000]);
    assert!(endless.encode_jpeg(80).is_err());
    assert_eq!(Picture::grey(3, 2, vec![7; 6]).uniform(), Some(7));
    assert_eq!(picture.uniform(), None);
    let colour = Picture::rgb(1, 1, vec![255, 255, 255]);
    assert_eq!(colour.to_grey().pixels(), [255]);
}

fn identity() -> Identity {
    Identity {
        patient_id: "P1".to_owned(),
        patient_name: "Muster^Ännchen".to_owned(),
        study_uid: "2.25.1".to_owned(),
        series_uid: "2.25.2".to_owned(),
        sop_instance_uid: "2.25.3".to_owned(),
        ..Identity::default()
    }
}

#[test]
fn uploads_become_secondary_captures() -> Result<(), ImagingError> {
    let coloured: Vec<u8> = ramp().iter().flat_map(|value| [*value, 0, 9]).collect();
    let jpeg_grey = jpeg(&ramp(), ExtendedColorType::L8);
    let uploads = [
        (png(&ramp(), ExtendedColorType::L8), "1.2.840.10008.1.2.1"),
        (
            png(&coloured, ExtendedColorType::Rgb8),
            "1.2.840.10008.1.2.1",
        ),
        (turned(&jpeg_grey, 3), "1.2.840.10008.1.2.1"),
        (
            jpeg(&coloured, ExtendedColorType::Rgb8),
            "1.2.840.10008.1.2.4.50",
        ),
        (jpeg_grey, "1.2.840.10008.1.2.4.50"),
    ];
    for (upload, transfer_syntax) in uploads {
        let wrapped = dicom_from_photo(&upload, &identity(), &limits())?;
        let header = inspect(&wrapped, &limits())?.dicom.expect("it is DICOM");
        assert_eq!(header.transfer_syntax_uid, transfer_syntax);
        assert_eq!(header.patient_name.as_deref(), Some("Ännchen Muster"));
        assert_eq!(header.image_type, ["DERIVED", "SECONDARY"]);
        let plain = render(&decode(&upload, 0, &limits())?, None);
        let again = render(&decode(&wrapped, 0, &limits())?, None);
        // Two JPEG decoders may round differently.
        let farthest = again
            .pixels()
            .iter()
            .zip(plain.pixels())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(farthest <= Some(3), "{transfer_syntax}: {farthest:?}");
    }
    Ok(())
}
