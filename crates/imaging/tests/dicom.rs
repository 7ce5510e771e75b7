//! DICOM objects written by dicom-rs and read by the own reader; broken ones; random ones.

use chrono::NaiveDate;
use domain::{ImageFormat, ImageType, patient::Gender};
use imaging::write::{
    GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey, uid_from_u128,
};
use imaging::{
    AppliedVoi, DicomFile, GreyRaster, Limits, LookupTable, Modality, Raster, Samples, Window,
    decode, dicom_metadata, frame_samples_le, inspect, render, render_with_report, sniff,
};
use proptest::prelude::*;

fn limits() -> Limits {
    Limits::default()
}

fn identity() -> Identity {
    Identity {
        class: ObjectClass::DigitalXRay,
        patient_id: "SYN-1".to_owned(),
        patient_name: "Doe^Jane=山田^花子".to_owned(),
        birth_date: NaiveDate::from_ymd_opt(1980, 2, 29),
        gender: Some(Gender::Female),
        age_years: None,
        study_uid: uid_from_u128(1),
        series_uid: uid_from_u128(2),
        sop_instance_uid: uid_from_u128(u128::MAX),
        study_date_time: NaiveDate::from_ymd_opt(2024, 3, 1)
            .and_then(|day| day.and_hms_opt(13, 5, 9)),
        accession_number: "A-1".to_owned(),
        study_description: "Thorax".to_owned(),
        view_position: "PA".to_owned(),
        body_part: "CHEST".to_owned(),
        image_type: vec!["DERIVED".to_owned(), "PRIMARY".to_owned()],
        manufacturer: "Synthetic".to_owned(),
        pixel_spacing: Some([0.139, 0.139]),
        ..Identity::default()
    }
}

fn film(width: u32, height: u32, samples: &[u16], inverted: bool) -> Vec<u8> {
    let image = GreyImage {
        width,
        height,
        samples: GreySamples::Sixteen {
            samples,
            bits_stored: 12,
        },
        inverted,
        window: None,
    };
    dicom_from_grey(&image, &identity()).expect("the film can be written")
}

fn grey(samples: Samples, bits_stored: u8, signed: bool) -> GreyRaster {
    GreyRaster {
        width: samples.len() as u32,
        height: 1,
        samples,
        bits_stored,
        signed,
        inverted: false,
        modality: Modality::IDENTITY,
        voi_tables: Vec::new(),
        windows: Vec::new(),
        padding: None,
    }
}

#[test]
fn a_written_film_is_read_back() {
    let bytes = film(3, 2, &[0, 1000, 2000, 3000, 4000, 4095], false);
    assert_eq!(
        sniff(&bytes[..imaging::SNIFF_BYTES]),
        Some(ImageFormat::Dicom)
    );
    let inspection = inspect(&bytes, &limits()).unwrap();
    assert_eq!(
        (
            inspection.width,
            inspection.height,
            inspection.frames,
            inspection.bits_stored
        ),
        (3, 2, 1, 12)
    );
    assert_eq!(inspection.image_type, ImageType::Xray);
    insta::assert_json_snapshot!("header", inspection.dicom);
    insta::assert_json_snapshot!("metadata", dicom_metadata(&bytes, &limits()).unwrap());
    // dicom-rs agrees that it is a file.
    let object = dicom_object::from_reader(&bytes[..]).unwrap();
    assert_eq!(
        object.meta().media_storage_sop_class_uid(),
        "1.2.840.10008.5.1.4.1.1.1.1"
    );
}

#[test]
fn heads_may_be_missing_or_wrong() {
    let bytes = film(3, 2, &[0, 1, 2, 3, 4, 5], false);
    let whole = decode(&bytes, 0, &limits()).unwrap();
    // Without preamble, without any head, and with a head cut to its transfer syntax.
    assert_eq!(decode(&bytes[128..], 0, &limits()).unwrap(), whole);
    let dataset = bytes
        .windows(8)
        .position(|eight| eight == b"\x08\0\x05\0CS\x0a\0")
        .unwrap();
    assert_eq!(decode(&bytes[dataset..], 0, &limits()).unwrap(), whole);
    assert_eq!(
        sniff(&bytes[dataset..dataset + 300]),
        Some(ImageFormat::Dicom)
    );
    let headless = DicomFile::open(&bytes[dataset..], &limits()).unwrap();
    assert!(headless.is_transfer_syntax_guessed());
    assert_eq!(headless.transfer_syntax_uid(), "1.2.840.10008.1.2.1");
    // An implementation version name longer than its 16 characters.
    let name = bytes
        .windows(14)
        .position(|name| name == b"MEDICAL_PORTAL")
        .unwrap();
    let mut longer = bytes.clone();
    longer.splice(
        name..name + 14,
        b"MEDICAL_PORTAL_WITH_A_LONG_NAME_".iter().copied(),
    );
    longer[name - 2] = 32;
    assert_eq!(decode(&longer, 0, &limits()).unwrap(), whole);
}

#[test]
fn cut_off_pixels_are_truncated_and_still_inspected() {
    let bytes = film(30, 20, &[7; 600], false);
    let short = &bytes[..bytes.len() - 100];
    let inspection = inspect(short, &limits()).unwrap();
    assert!(inspection.dicom.unwrap().truncated);
    assert_eq!(decode(short, 0, &limits()).unwrap_err().code(), "truncated");
    let tight = Limits {
        maximum_pixels: 599,
        ..limits()
    };
    assert_eq!(
        inspect(&bytes, &tight).unwrap_err().code(),
        "too_many_pixels"
    );
}

/// Found by changing bytes at random.
#[test]
fn a_header_is_told_from_the_first_bytes_only_where_nothing_but_pixels_follows() {
    let bytes = film(64, 64, &[100; 64 * 64], false);
    let whole = DicomFile::open(&bytes, &limits()).unwrap().full_json();
    let pixels = bytes.len() - 64 * 64 * 2;
    let told = |start: &[u8], whole: usize| {
        DicomFile::full_json_of_start(start, whole as u64, &limits()).unwrap()
    };
    for length in [pixels + 1, pixels + 1000, bytes.len() - 1, bytes.len()] {
        assert_eq!(
            told(&bytes[..length], bytes.len()),
            Some(whole.clone()),
            "{length}"
        );
    }
    // Within the header, and before the first pixel.
    for length in (0..=pixels).step_by(7).chain([pixels]) {
        assert_eq!(told(&bytes[..length], bytes.len()), None, "{length}");
    }
    // A file that is cut off says so when all of it is read; one that goes on has more to tell.
    assert_eq!(told(&bytes[..pixels + 9], bytes.len() - 1), None);
    let mut longer = bytes.clone();
    longer.extend(b"\xFC\xFF\xFC\xFFOB\0\0\x04\0\0\0\0\0\0\0");
    let all = DicomFile::open(&longer, &limits()).unwrap().full_json();
    assert_ne!(all, whole);
    assert_eq!(told(&longer[..pixels + 9], longer.len()), None);
    assert_eq!(told(&longer, longer.len()), Some(all));
    let inspected = imaging::inspect_start(&bytes[..pixels + 9], bytes.len() as u64, &limits());
    let (inspection, _) = inspected.unwrap().unwrap();
    assert!(!inspection.dicom.as_ref().unwrap().truncated);
    assert_eq!(inspection, inspect(&bytes, &limits()).unwrap());
    let few = Limits {
        maximum_bytes: bytes.len() as u64 - 1,
        ..limits()
    };
    assert!(DicomFile::full_json_of_start(&bytes[..pixels + 9], bytes.len() as u64, &few).is_err());
}

#[test]
fn no_bits_allocated_is_corrupt() {
    let mut bytes = film(2, 2, &[1, 2, 3, 4], false);
    let at = bytes
        .windows(8)
        .position(|head| head == b"\x28\0\0\x01US\x02\0")
        .expect("Bits Allocated was written");
    bytes[at + 8] = 0;
    let error = inspect(&bytes, &limits()).expect_err("no bits make no image");
    assert_eq!(error.code(), "corrupt");
}

#[test]
fn monochrome1_is_the_negative() {
    let samples = [0, 1000, 2000, 3000, 4000, 4095];
    let positive = render(
        &decode(&film(3, 2, &samples, false), 0, &limits()).unwrap(),
        None,
    );
    let negative = render(
        &decode(&film(3, 2, &samples, true), 0, &limits()).unwrap(),
        None,
    );
    assert_eq!((positive.pixels()[0], positive.pixels()[5]), (0, 255));
    assert!(
        positive
            .pixels()
            .iter()
            .zip(negative.pixels())
            .all(|(a, b)| a + b == 255)
    );
}

#[test]
fn a_uniform_film_is_known_as_such() {
    let raster = decode(&film(4, 4, &[9; 16], false), 0, &limits()).unwrap();
    assert!(raster.is_uniform());
    assert!(render(&raster, None).uniform().is_some());
}

/// The pictures that ready-made conversions turn black.
#[test]
fn nothing_turns_black_that_is_not() {
    let eight_in_sixteen = grey(Samples::U16(vec![0, 100, 255]), 8, false);
    assert_eq!(
        render(&Raster::Grey(eight_in_sixteen), None).pixels(),
        [0, 100, 255]
    );
    let signed = grey(Samples::I16(vec![-1000, 0, 1000]), 16, true);
    assert_eq!(render(&Raster::Grey(signed), None).pixels(), [0, 128, 255]);
    let mut missed = grey(Samples::U16(vec![3000, 3500, 4000]), 12, false);
    missed.windows = vec![Window::linear(50.0, 100.0)];
    let rendered = render_with_report(&Raster::Grey(missed), None);
    assert!(rendered.film_voi_unusable);
    assert!(matches!(rendered.voi, AppliedVoi::DataRange { .. }));
    assert_eq!(rendered.picture.pixels(), [0, 128, 255]);
    let mut padded = grey(Samples::I16(vec![-2000, -1000, 1000]), 16, true);
    padded.padding = Some((-2000, -2000));
    assert_eq!(render(&Raster::Grey(padded), None).pixels(), [0, 0, 255]);
}

#[test]
fn transformations_follow_each_other() {
    let mut raster = grey(Samples::U16(vec![0, 1, 2, 3]), 12, false);
    raster.modality = Modality::Rescale {
        slope: 100.0,
        intercept: -100.0,
    };
    raster.windows = vec![Window::linear(0.5, 201.0)];
    assert_eq!(
        render(&Raster::Grey(raster.clone()), None).pixels(),
        [0, 128, 255, 255]
    );
    let narrow = Some(Window::linear(100.5, 1.0));
    assert_eq!(
        render(&Raster::Grey(raster.clone()), narrow).pixels(),
        [0, 0, 0, 255]
    );
    raster.modality = Modality::Table(LookupTable::new(1, 8, vec![200, 100, 0]).unwrap());
    raster.windows.clear();
    assert_eq!(
        render(&Raster::Grey(raster.clone()), None).pixels(),
        [255, 255, 128, 0]
    );
    let (bytes, description) = frame_samples_le(&Raster::Grey(raster.clone()));
    assert_eq!(bytes, [200, 0, 200, 0, 100, 0, 0, 0]);
    assert_eq!(
        (
            description.slope,
            description.bits_stored,
            description.highest
        ),
        (1.0, 8, 200)
    );
    raster.voi_tables = vec![LookupTable::new(0, 8, vec![255; 101]).unwrap()];
    raster.voi_tables[0].entries.extend([0; 155]);
    assert_eq!(
        render(&Raster::Grey(raster), None).pixels(),
        [0, 0, 255, 255]
    );
}

#[test]
fn frames_for_the_viewer() {
    let (bytes, description) =
        frame_samples_le(&Raster::Grey(grey(Samples::I16(vec![-2, 1]), 16, true)));
    assert_eq!(bytes, [0xFE, 0xFF, 1, 0]);
    assert!(description.signed);
    let wide = grey(Samples::U32(vec![0, 65_535_000, 131_070_000]), 32, false);
    let (bytes, description) = frame_samples_le(&Raster::Grey(wide));
    assert_eq!(bytes, [0, 0, 0, 0x80, 0xFF, 0xFF]);
    assert!((description.slope * 65_535.0 - 131_070_000.0).abs() < 1.0);
}

#[test]
fn a_wrong_identity_is_refused() {
    let image = GreyImage {
        width: 1,
        height: 1,
        samples: GreySamples::Eight(&[1]),
        inverted: false,
        window: None,
    };
    for uid in ["", "1..2", "1.02", "../../etc/passwd", &"1".repeat(65)] {
        let wrong = Identity {
            study_uid: uid.to_owned(),
            ..identity()
        };
        let error = dicom_from_grey(&image, &wrong).unwrap_err();
        assert_eq!(error.code(), "encode_failed");
        assert!(
            uid.is_empty() || !error.to_string().contains(uid),
            "{error}"
        );
    }
    let too_many = GreyImage { width: 2, ..image };
    assert_eq!(
        dicom_from_grey(&too_many, &identity()).unwrap_err().code(),
        "encode_failed"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        (width, height, samples) in (1_u32..40, 1_u32..40)
            .prop_flat_map(|(width, height)| (Just(width), Just(height), prop::collection::vec(0_u16..4096, (width * height) as usize))),
        inverted: bool,
    ) {
        let Raster::Grey(read) = decode(&film(width, height, &samples, inverted), 0, &limits()).unwrap() else {
            panic!("grey was written");
        };
        prop_assert_eq!((read.width, read.height, read.bits_stored, read.inverted), (width, height, 12, inverted));
        prop_assert_eq!(read.samples, Samples::U16(samples));
    }

    #[test]
    fn eight_bits_too((width, samples) in (1_u32..60).prop_flat_map(|width| (Just(width), prop::collection::vec(any::<u8>(), width as usize * 3)))) {
        let image = GreyImage { width, height: 3, samples: GreySamples::Eight(&samples), inverted: false, window: Some(Window::linear(128.0, 256.0)) };
        let bytes = dicom_from_grey(&image, &identity()).unwrap();
        let picture = render(&decode(&bytes, 0, &limits()).unwrap(), None);
        prop_assert!(picture.pixels().iter().zip(&samples).all(|(a, b)| a.abs_diff(*b) <= 1) || Raster::is_uniform(&decode(&bytes, 0, &limits()).unwrap()));
    }

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(inspect(&bytes, &limits()).is_err());
        prop_assert!(decode(&bytes, 0, &limits()).is_err());
    }

    /// Elements of random tags, lengths and nesting behind a proper head.
    #[test]
    fn random_elements_are_survived(
        elements in prop::collection::vec((prop::sample::select(vec![0x0008_u16, 0x0010, 0x0028, 0x0040, 0x5200, 0x7FE0, 0xFFFE]), any::<u16>(),
            prop::sample::select(vec![*b"US", *b"SQ", *b"OB", *b"PN", *b"UN", *b"DS", *b"zz"]), any::<u8>(), prop::collection::vec(any::<u8>(), 0..24)), 0..40)
    ) {
        let mut bytes = vec![0; 128];
        bytes.extend_from_slice(b"DICM");
        for (group, element, vr, length, value) in elements {
            bytes.extend_from_slice(&group.to_le_bytes());
            bytes.extend_from_slice(&(element & 0x20FF).to_le_bytes());
            bytes.extend_from_slice(&vr);
            bytes.extend_from_slice(&[length, 0]);
            bytes.extend_from_slice(&value);
        }
        if let Ok(file) = DicomFile::open(&bytes, &limits()) {
            let _ = file.header();
            let _ = file.metadata_json();
        }
        let _ = decode(&bytes, 0, &limits());
    }

    #[test]
    fn damaged_films_never_panic(at in 0_usize..2000, byte: u8, cut in 0_usize..2000) {
        let mut bytes = film(20, 20, &[1234; 400], false);
        let place = at % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let _ = inspect(&bytes, &limits());
        let _ = decode(&bytes, 0, &limits()).map(|raster| (render(&raster, None), frame_samples_le(&raster)));
    }
}
