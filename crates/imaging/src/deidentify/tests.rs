use chrono::NaiveDate;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_object::{FileDicomObject, InMemDicomObject};
use proptest::prelude::*;

use super::*;
use crate::write::{GreyImage, GreySamples, Identity, dicom_from_grey};
use crate::{Raster, decode};

fn film() -> Vec<u8> {
    let samples: Vec<u16> = (0..48).map(|at| at * 80).collect();
    let image = GreyImage {
        width: 8,
        height: 6,
        samples: GreySamples::Sixteen {
            samples: &samples,
            bits_stored: 12,
        },
        inverted: false,
        window: None,
    };
    let identity = Identity {
        patient_id: "HN-471100".to_owned(),
        patient_name: "Mustermann^Erika".to_owned(),
        birth_date: NaiveDate::from_ymd_opt(1964, 8, 12),
        study_uid: "1.2.3.4".to_owned(),
        series_uid: "1.2.3.4.5".to_owned(),
        sop_instance_uid: "1.2.3.4.5.6".to_owned(),
        study_date_time: NaiveDate::from_ymd_opt(2026, 3, 1)
            .and_then(|date| date.and_hms_opt(10, 11, 12)),
        accession_number: "ACC-9931".to_owned(),
        study_description: "Chest PA for Mustermann at Ward Seven".to_owned(),
        modality: "DX".to_owned(),
        body_part: "CHEST".to_owned(),
        manufacturer: "Acme".to_owned(),
        station_name: "ROOM7".to_owned(),
        ..Identity::default()
    };
    dicom_from_grey(&image, &identity).expect("a small film is written")
}

/// The film with more attributes.
fn with(elements: Vec<DataElement<InMemDicomObject>>) -> Vec<u8> {
    let mut file =
        FileDicomObject::<InMemDicomObject>::from_reader(&film()[..]).expect("our own film");
    for element in elements {
        file.put(element);
    }
    let mut out = Vec::new();
    file.write_all(&mut out).expect("written to memory");
    out
}

fn made(bytes: &[u8], profile: &Profile) -> Deidentified {
    deidentify(
        bytes,
        None,
        profile,
        &Pseudonyms::new([7; 32]),
        &Limits::default(),
    )
    .expect("it is de-identified")
}

fn read(copy: &Deidentified) -> FileDicomObject<InMemDicomObject> {
    FileDicomObject::from_reader(&copy.bytes[..]).expect("another reader opens the copy")
}

fn text(file: &FileDicomObject<InMemDicomObject>, tag: dicom_core::Tag) -> Option<String> {
    let element = file.element_opt(tag).expect("readable")?;
    Some(element.to_str().expect("text").trim().to_owned())
}

fn holds(bytes: &[u8], word: &str) -> bool {
    let small = bytes.to_ascii_lowercase();
    small
        .windows(word.len())
        .any(|window| window == word.to_lowercase().as_bytes())
}

#[test]
fn nothing_of_the_patient_is_left_and_the_pixels_are_the_same() {
    let original = film();
    let copy = made(&original, &Profile::default());
    for word in [
        "Mustermann",
        "Erika",
        "471100",
        "9931",
        "1964",
        "20260301",
        "ROOM7",
        "1.2.3.4",
    ] {
        assert!(holds(&original, word), "the original lacks {word}");
        assert!(!holds(&copy.bytes, word), "{word} is left");
    }
    let limits = Limits::default();
    assert_eq!(
        decode(&original, 0, &limits),
        decode(&copy.bytes, 0, &limits)
    );
    let file = read(&copy);
    assert_eq!(
        text(&file, tags::PATIENT_ID).as_deref(),
        Some(copy.pseudonym.as_str())
    );
    assert_eq!(
        text(&file, tags::PATIENT_IDENTITY_REMOVED).as_deref(),
        Some("YES")
    );
    assert_eq!(
        text(&file, tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED).as_deref(),
        Some("REMOVED")
    );
    assert_eq!(
        text(&file, tags::BODY_PART_EXAMINED).as_deref(),
        Some("CHEST")
    );
    assert_eq!(
        text(&file, tags::STUDY_INSTANCE_UID).as_deref(),
        Some(copy.study_uid.as_str())
    );
    assert_eq!(
        file.meta().media_storage_sop_instance_uid(),
        copy.sop_instance_uid
    );
    let changed: Vec<&str> = copy
        .changes
        .iter()
        .map(|change| change.keyword.as_str())
        .collect();
    for keyword in [
        "PatientName",
        "PatientBirthDate",
        "StudyDate",
        "AccessionNumber",
        "StudyInstanceUID",
    ] {
        assert!(changed.contains(&keyword), "{changed:?}");
    }
}

#[test]
fn options_keep_what_they_say_and_no_more() {
    let profile = Profile {
        clean_descriptors: true,
        shift_dates: true,
        retain_device: true,
        blackout: Vec::new(),
    };
    let copy = made(&film(), &profile);
    let file = read(&copy);
    assert_eq!(
        text(&file, tags::STUDY_DESCRIPTION).as_deref(),
        Some("Chest PA")
    );
    assert_eq!(text(&file, tags::STATION_NAME).as_deref(), Some("ROOM7"));
    assert_eq!(
        text(&file, tags::STUDY_TIME)
            .as_deref()
            .map(|time| &time[..6]),
        Some("101112")
    );
    let date = text(&file, tags::STUDY_DATE).expect("kept, moved");
    let date = NaiveDate::parse_from_str(&date, "%Y%m%d").expect("a date");
    let moved = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day") - date;
    assert!((1..=1825).contains(&moved.num_days()), "{moved}");
    assert_eq!(text(&file, tags::PATIENT_BIRTH_DATE).as_deref(), Some(""));
    let methods = file
        .element(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE)
        .expect("there");
    assert_eq!(methods.items().expect("a sequence").len(), 4);
}

#[test]
fn what_is_private_unknown_or_repeats_a_name_goes() {
    let extended = with(vec![
        DataElement::new(
            dicom_core::Tag(0x0029, 0x0010),
            VR::LO,
            PrimitiveValue::from("ACME PRIVATE"),
        ),
        DataElement::new(
            dicom_core::Tag(0x0029, 0x1001),
            VR::LO,
            PrimitiveValue::from("secret"),
        ),
        DataElement::new(
            dicom_core::Tag(0x0028, 0x7FE1),
            VR::LO,
            PrimitiveValue::from("unknown"),
        ),
        DataElement::new(
            tags::FILTER_MATERIAL,
            VR::CS,
            PrimitiveValue::from("MUSTERMANN"),
        ),
        DataElement::new(tags::KVP, VR::DS, PrimitiveValue::from("Erika")),
    ]);
    let copy = made(&extended, &Profile::default());
    for word in ["secret", "ACME PRIVATE", "unknown", "Mustermann", "Erika"] {
        assert!(!holds(&copy.bytes, word), "{word} is left");
    }
    let deeds: Vec<(&str, Deed)> = copy
        .changes
        .iter()
        .map(|change| (change.attribute.as_str(), change.deed))
        .collect();
    assert!(deeds.contains(&("(0029,1001)", Deed::Removed)), "{deeds:?}");
    assert!(
        deeds.contains(&("(0018,7050)", Deed::RepeatedAnIdentifier)),
        "{deeds:?}"
    );
}

#[test]
fn sequences_are_walked() {
    let item = InMemDicomObject::from_element_iter([
        DataElement::new(
            tags::REFERENCED_SOP_INSTANCE_UID,
            VR::UI,
            PrimitiveValue::from("1.2.3.4.5.6"),
        ),
        DataElement::new(
            tags::REFERENCED_SOP_CLASS_UID,
            VR::UI,
            PrimitiveValue::from("1.2.840.10008.5.1.4.1.1.1"),
        ),
        DataElement::new(
            tags::PERFORMING_PHYSICIAN_NAME,
            VR::PN,
            PrimitiveValue::from("Doktor^Hans"),
        ),
    ]);
    let sequence = DataElement::new(
        tags::REFERENCED_IMAGE_SEQUENCE,
        VR::SQ,
        dicom_core::value::DataSetSequence::from(vec![item]),
    );
    let copy = made(&with(vec![sequence]), &Profile::default());
    assert!(!holds(&copy.bytes, "Doktor"));
    let file = read(&copy);
    let items = file
        .element(tags::REFERENCED_IMAGE_SEQUENCE)
        .expect("kept")
        .items()
        .expect("items")
        .to_vec();
    let uid = |tag| {
        items[0]
            .element(tag)
            .expect("kept")
            .to_str()
            .expect("text")
            .trim_end_matches('\0')
            .to_owned()
    };
    assert_eq!(
        uid(tags::REFERENCED_SOP_INSTANCE_UID),
        copy.sop_instance_uid,
        "a reference follows what it refers to"
    );
    assert_eq!(
        uid(tags::REFERENCED_SOP_CLASS_UID),
        "1.2.840.10008.5.1.4.1.1.1"
    );
}

fn rule(regions: Vec<Region>) -> Profile {
    let rule = BlackoutRule {
        manufacturer: Some("acme".to_owned()),
        regions,
        ..BlackoutRule::default()
    };
    Profile {
        blackout: vec![rule],
        ..Profile::default()
    }
}

#[test]
fn regions_of_a_device_are_covered_and_nothing_else() {
    let region = Region {
        x: 2,
        y: 1,
        width: 3,
        height: 2,
    };
    let copy = made(&film(), &rule(vec![region]));
    let Ok(Raster::Grey(grey)) = decode(&copy.bytes, 0, &Limits::default()) else {
        panic!("grey")
    };
    for at in 0..48_usize {
        let (x, y) = (at % 8, at / 8);
        let inside = (2..5).contains(&x) && (1..3).contains(&y);
        let due = if inside { 0 } else { at as i64 * 80 };
        assert_eq!(grey.samples.get(at), Some(due), "{x},{y}");
    }
    let of_another = Profile {
        blackout: vec![BlackoutRule {
            manufacturer: Some("Other".to_owned()),
            ..rule(vec![region]).blackout[0].clone()
        }],
        ..Profile::default()
    };
    let copy = made(&film(), &of_another);
    assert!(
        !copy
            .changes
            .iter()
            .any(|change| change.deed == Deed::BlackedOut)
    );
}

#[test]
fn a_film_that_says_text_is_burned_in_needs_a_rule() {
    let burned = with(vec![DataElement::new(
        tags::BURNED_IN_ANNOTATION,
        VR::CS,
        PrimitiveValue::from("YES"),
    )]);
    let try_with = |profile: &Profile| {
        deidentify(
            &burned,
            None,
            profile,
            &Pseudonyms::new([7; 32]),
            &Limits::default(),
        )
    };
    assert_eq!(
        try_with(&Profile::default()).unwrap_err(),
        DeidentifyError::BurnedIn
    );
    let outside = Region {
        x: 6,
        y: 0,
        width: 3,
        height: 1,
    };
    assert!(matches!(
        try_with(&rule(vec![outside])),
        Err(DeidentifyError::RegionOutside { .. })
    ));
    let inside = Region {
        x: 0,
        y: 0,
        width: 8,
        height: 1,
    };
    let copy = try_with(&rule(vec![inside])).expect("covered");
    assert_eq!(
        text(&read(&copy), tags::BURNED_IN_ANNOTATION).as_deref(),
        Some("NO")
    );
}

#[test]
fn comments_inside_compressed_images_are_blanked_where_they_stand() {
    let mut jpeg = vec![
        0xFF, 0xD8, 0xFF, 0xE0, 0, 4, b'J', b'F', 0xFF, 0xFE, 0, 6, b'E', b'r', b'i', b'k',
    ];
    jpeg.extend([
        0xFF, 0xE1, 0, 4, b'E', b'x', 0xFF, 0xDA, 0, 4, b'i', b'm', 0xFF, 0xFE, 0, 4, 1, 2,
    ]);
    let before = jpeg.clone();
    comments::blank(&mut jpeg);
    assert_eq!(jpeg.len(), before.len());
    assert_eq!(&jpeg[12..16], b"    ");
    assert_eq!(&jpeg[20..22], b"  ");
    assert_eq!((&jpeg[..12], &jpeg[22..]), (&before[..12], &before[22..]));
}

#[test]
fn pseudonyms_hold_within_a_project_and_not_between_two() {
    let (one, other) = (Pseudonyms::new([1; 32]), Pseudonyms::new([2; 32]));
    assert_eq!(one.patient("a"), one.patient("a"));
    assert_ne!(one.patient("a"), one.patient("b"));
    assert_ne!(one.patient("a"), other.patient("a"));
    assert_ne!(one.uid("1.2.3"), other.uid("1.2.3"));
    assert!(one.uid("1.2.3").len() <= 64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever stands in a text that the profile keeps, the name is not among it.
    #[test]
    fn a_name_is_found_wherever_it_is_repeated(before in "[ -\\[\\]-~]{0,20}", after in "[ -\\[\\]-~]{0,20}") {
        let kept = format!("{before} mustermann {after}");
        let bytes = with(vec![DataElement::new(tags::RELATIVE_X_RAY_EXPOSURE, VR::IS, PrimitiveValue::from(kept.as_str())),
            DataElement::new(tags::EXPOSURE_STATUS, VR::CS, PrimitiveValue::from(kept.as_str())),
            DataElement::new(tags::FILTER_TYPE, VR::SH, PrimitiveValue::from(kept.as_str()))]);
        let copy = made(&bytes, &Profile::default());
        prop_assert!(!holds(&copy.bytes, "mustermann"));
    }

    /// A copy of a copy changes nothing that a reader sees but what the pseudonyms change.
    #[test]
    fn dates_of_a_patient_keep_their_distance(first in 0_u32..20_000, apart in 0_u32..5_000) {
        let day = |days: u32| NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day") + chrono::Days::new(u64::from(days));
        let profile = Profile { shift_dates: true, ..Profile::default() };
        let moved = |days: u32| {
            let date = day(days).format("%Y%m%d").to_string();
            let bytes = with(vec![DataElement::new(tags::STUDY_DATE, VR::DA, PrimitiveValue::from(date.as_str()))]);
            let date = text(&read(&made(&bytes, &profile)), tags::STUDY_DATE).expect("kept");
            NaiveDate::parse_from_str(&date, "%Y%m%d").expect("a date")
        };
        prop_assert_eq!((moved(first + apart) - moved(first)).num_days(), i64::from(apart));
    }
}
