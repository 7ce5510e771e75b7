//! The film with the heatmap.

use dicom_dictionary_std::tags;
use imaging::{DicomFile, Limits, decode_dicom};
use results::secondary_capture;
use testkit::chest_film;

use crate::common::{Signed, kept, python, review, said, zone};

/// What pydicom decodes: size, how bright the band's words are, and how much colour the film has.
const READ: &str = r"
import sys, pydicom
d = pydicom.dcmread(sys.argv[1])
p = d.pixel_array.astype(int)
band = p[:p.shape[0] - int(sys.argv[2])]
film = p[p.shape[0] - int(sys.argv[2]):]
colour = abs(film[..., 0] - film[..., 2]).max()
print(p.shape, band.max(), (band > 128).mean(), colour)
assert p.shape == (d.Rows, d.Columns, 3)
assert band.max() > 240 and 0.01 < (band > 128).mean() < 0.4, 'words are there to be read'
assert colour > 60, 'the map is over the film'
assert (abs(film[..., 0] - film[..., 2]) < 3).mean() > 0.1, 'and not over all of it'
";

#[tokio::test]
async fn the_heatmap_lies_over_the_film_under_a_band_that_says_what_it_is() {
    let signed = Signed::new().await;
    let path = format!("/api/reports/{}/results/secondary-capture", signed.report);
    let answer = signed.doctor.get(&path).await;
    assert_eq!(answer.status, 200);
    let (bytes, result) = (answer.bytes, signed.result().await);
    assert_eq!(signed.sender.get(&path).await.bytes, bytes);
    let file = DicomFile::open(&bytes, &Limits::default()).unwrap();
    let header = file.full_json();
    let text =
        |tag: dicom_core::Tag| header[format!("{:04X}{:04X}", tag.0, tag.1)]["Value"][0].clone();
    assert_eq!(text(tags::BURNED_IN_ANNOTATION), "YES");
    assert_eq!(text(tags::MODALITY), "OT");
    assert_eq!(text(tags::PATIENT_ID), "E-1");
    let film = result.mapped().unwrap().film;
    let metadata = film.dicom_metadata.as_ref().unwrap();
    assert_eq!(
        text(tags::SOURCE_IMAGE_SEQUENCE)["00081155"]["Value"],
        metadata["00080018"]["Value"]
    );
    assert_eq!(
        text(tags::STUDY_INSTANCE_UID),
        metadata["0020000D"]["Value"][0]
    );
    let folder = tempfile::tempdir().unwrap();
    let file = kept(folder.path(), "capture.dcm", &bytes);
    let (file, picture) = (file.to_str().unwrap(), folder.path().join("out.png"));
    if let Some((fine, _, faults)) = said("dcmdump", &["-q", file]) {
        assert!(fine && faults.is_empty(), "{faults}");
    }
    if let Some((fine, _, faults)) = said(
        "dcmj2pnm",
        &["--write-png", file, picture.to_str().unwrap()],
    ) {
        assert!(fine, "{faults}");
        assert!(picture.metadata().unwrap().len() > 10_000);
    }
    if let Some(python) = python("pydicom, numpy") {
        let rows = film.height.unwrap().to_string();
        let arguments = ["-W", "ignore", "-c", READ, file, &rows];
        let (fine, text, faults) = said(python.to_str().unwrap(), &arguments).unwrap();
        assert!(fine, "{text}\n{faults}");
    }
}

#[tokio::test]
async fn the_same_picture_gives_the_same_object_also_when_something_is_added() {
    let signed = Signed::new().await;
    let film = crate::common::drawn_film();
    let file = DicomFile::open(&film, &Limits::default()).unwrap();
    let raster = decode_dicom(&file, 0, &Limits::default()).unwrap();
    let picture = imaging::render(&raster, None);
    let result = signed.result().await;
    let first = secondary_capture(&result, &result.mapped().unwrap(), &picture, zone).unwrap();
    signed.add("Seen by the ward.").await;
    let result = signed.result().await;
    let second = secondary_capture(&result, &result.mapped().unwrap(), &picture, zone).unwrap();
    assert_eq!(first, second);
}

#[tokio::test]
async fn without_a_heatmap_there_is_no_capture() {
    let signed = Signed::of("film.png", chest_film(8, 96), review()).await;
    assert!(signed.result().await.mapped().is_none());
    let path = format!("/api/reports/{}/results/secondary-capture", signed.report);
    assert_eq!(signed.doctor.get(&path).await.status, 404);
}
