//! Small films for tests, drawn by a formula.

use imaging::write::{GreyImage, GreySamples, Identity, ObjectClass, dicom_from_grey};

/// A picture that has structure, is different for each seed, and is no chest film: the model's gate
/// refuses it. For tests of the way, not of the model.
#[must_use]
pub fn chest_film(seed: u32, edge: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let wave = (x * (3 + seed % 7) + y * (5 + seed % 11)) % 256;
        ((wave * 2 + (x ^ y) % 128 + seed) % 256) as u8
    };
    let pixels = (0..edge * edge)
        .map(|at| pixel(at % edge, at / edge))
        .collect();
    imaging::Picture::grey(edge, edge, pixels)
        .encode_png()
        .unwrap()
}

/// The same as a DICOM file of a study of its own, of the patient with this number.
#[must_use]
pub fn dicom_film(seed: u32, patient_number: &str) -> Vec<u8> {
    let edge = 96u32;
    let samples: Vec<u16> = (0..edge * edge)
        .map(|at| ((at * (7 + seed % 13) + seed * 31) % 4096) as u16)
        .collect();
    let uid =
        |part: u128| imaging::write::uid_from_u128(u128::from(seed) * 1000 + part + (1 << 100));
    let identity = Identity {
        class: ObjectClass::DigitalXRay,
        patient_id: patient_number.to_owned(),
        patient_name: "Test^Patient".to_owned(),
        age_years: Some(4),
        study_uid: uid(1),
        series_uid: uid(2),
        sop_instance_uid: uid(3),
        view_position: "AP".to_owned(),
        body_part: "CHEST".to_owned(),
        ..Identity::default()
    };
    let image = GreyImage {
        width: edge,
        height: edge,
        samples: GreySamples::Sixteen {
            samples: &samples,
            bits_stored: 12,
        },
        inverted: false,
        window: None,
    };
    dicom_from_grey(&image, &identity).unwrap()
}
