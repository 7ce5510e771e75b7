//! Each decoder against streams of other makers; see `tests/streams/README.md`.

use sha2::{Digest, Sha256};

use super::{Decoded, jpeg, jpeg_2000, jpeg_extended, jpeg_ls};
use crate::Limits;
use crate::dicom::pixels::Photometric;

const WIDTH: i64 = 37;
const HEIGHT: i64 = 23;

macro_rules! stream {
    ($name:literal) => {
        &include_bytes!(concat!("../../tests/streams/", $name))[..]
    };
}

fn value(x: i64, y: i64, bits: u32) -> i64 {
    let range = 1_i64 << bits;
    if (5..9).contains(&y) && (4..30).contains(&x) {
        return range / 3;
    }
    (3 * x * x + 5 * y * y + 7 * x * y) * (range / 256) % range
}

fn grey(bits: u32) -> Vec<i64> {
    (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| value(x, y, bits)))
        .collect()
}

fn colour() -> Vec<i64> {
    (0..HEIGHT)
        .flat_map(|y| {
            (0..WIDTH).flat_map(move |x| {
                let red = value(x, y, 8);
                [red, 255 - red, value((x - 3).rem_euclid(WIDTH), y, 8)]
            })
        })
        .collect()
}

fn values(decoded: &Decoded) -> Vec<i64> {
    (0..decoded.samples.len())
        .filter_map(|index| decoded.samples.get(index))
        .collect()
}

fn jpeg_ls_values(bytes: &[u8]) -> Vec<i64> {
    values(&jpeg_ls::decode(bytes, &Limits::default()).unwrap())
}

#[test]
fn jpeg_ls_example_of_the_standard() {
    let expected = [
        0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145,
    ];
    assert_eq!(jpeg_ls_values(stream!("standard_h3.jls")), expected);
}

#[test]
fn jpeg_ls_lossless_of_any_depth_and_interleaving() {
    assert_eq!(jpeg_ls_values(stream!("grey12.jls")), grey(12));
    assert_eq!(jpeg_ls_values(stream!("grey16.jls")), grey(16));
    assert_eq!(jpeg_ls_values(stream!("rgb_interleave0.jls")), colour());
    assert_eq!(jpeg_ls_values(stream!("rgb_interleave1.jls")), colour());
    assert_eq!(jpeg_ls_values(stream!("rgb_interleave2.jls")), colour());
}

#[test]
fn jpeg_ls_near_lossless_keeps_its_promise() {
    let decoded = jpeg_ls_values(stream!("grey8_near2.jls"));
    let farthest = decoded
        .iter()
        .zip(grey(8))
        .map(|(found, expected)| (found - expected).abs())
        .max();
    assert_eq!(farthest, Some(2));
}

#[test]
fn jpeg_ls_cut_off_is_an_error() {
    let whole = stream!("grey12.jls");
    for length in [4, 20, 30, whole.len() / 2, whole.len() - 12] {
        let error = jpeg_ls::decode(&whole[..length], &Limits::default()).err();
        assert!(
            error.is_some_and(|error| ["truncated", "corrupt"].contains(&error.code())),
            "{length} bytes"
        );
    }
}

#[test]
fn jpeg_2000_lossless_signed_and_high_throughput() {
    let decode = |bytes: &[u8]| jpeg_2000::decode(bytes, &Limits::default()).unwrap();
    assert_eq!(values(&decode(stream!("grey12.j2k"))), grey(12));
    assert_eq!(values(&decode(stream!("grey16.jhc"))), grey(16));
    let signed = decode(stream!("signed16.j2k"));
    assert!(signed.signed);
    let expected: Vec<i64> = grey(16).into_iter().map(|value| value - 32_768).collect();
    assert_eq!(values(&signed), expected);
}

#[test]
fn jpeg_lossless() {
    let bytes = stream!("grey16_lossless.jpg");
    let header = jpeg::header(bytes).unwrap();
    assert_eq!(header.process, jpeg::Process::Lossless);
    let decoded = jpeg::decode(bytes, &header, Photometric::Monochrome2).unwrap();
    assert_eq!(values(&decoded), grey(16));
}

#[test]
fn jpeg_extended_equals_the_ijg_library_of_12_bits() {
    let bytes = stream!("smooth12_extended.jpg");
    let header = jpeg::header(bytes).unwrap();
    let decoded = jpeg_extended::decode(bytes, &header, Photometric::Monochrome2).unwrap();
    let little_endian: Vec<u8> = values(&decoded)
        .into_iter()
        .flat_map(|value| (value as u16).to_le_bytes())
        .collect();
    assert_eq!(
        hex::encode(Sha256::digest(little_endian)),
        "b3d3b82cc84142d36594c1829135c4cd53fccfdf4b95db369c221b015a14fb2c"
    );
    let half = jpeg_extended::decode(&bytes[..bytes.len() / 2], &header, Photometric::Monochrome2);
    assert!(half.is_err_and(|error| error.code() == "truncated"));
}
