//! The report to read, as a file and as an encapsulated PDF.

use dicom_dictionary_std::tags;
use domain::Role;
use imaging::{DicomFile, Limits};
use results::{encapsulated_pdf, report_pdf};
use serde_json::json;
use testkit::chest_film;

use crate::common::{Signed, kept, python, review, said, zone};

/// What pypdf reads: title, language, whether it is tagged, and the text.
const READ: &str = r"
import sys, pypdf
pdf = pypdf.PdfReader(sys.argv[1], strict=True)
root = pdf.trailer['/Root']
print(pdf.metadata.title, root['/Lang'], root['/MarkInfo']['/Marked'], len(pdf.pages))
xmp = pdf.xmp_metadata
print(xmp.rdf_root.toxml().count('pdfaid:part'), xmp.rdf_root.toxml().count('pdfuaid:part'))
for page in pdf.pages:
    print(page.extract_text())
";

fn read(pdf: &[u8]) -> Option<String> {
    let python = python("pypdf")?;
    let folder = tempfile::tempdir().unwrap();
    let file = kept(folder.path(), "report.pdf", pdf);
    let arguments = ["-W", "ignore", "-c", READ, file.to_str().unwrap()];
    let (fine, text, faults) = said(python.to_str().unwrap(), &arguments).unwrap();
    assert!(fine, "{faults}");
    Some(text)
}

#[tokio::test]
async fn the_report_is_read_by_others_and_says_what_was_signed() {
    let signed = Signed::new().await;
    signed.add("Seen by the ward.").await;
    let result = signed.result().await;
    let pdf = report_pdf(&result, zone).unwrap();
    assert_eq!(pdf, report_pdf(&result, zone).unwrap());
    let Some(text) = read(&pdf) else {
        return;
    };
    for said in [
        "Ada King",
        "E-1 (St. Mary)",
        "2022-03-04",
        "ACC-1",
        "Verschattung rechts \\ basal.",
        "Ελληνικά, 肺炎.",
        "Antibiotics.",
        "Signed by grace-hopper, 2026-11-18 12:06 (UTC+01:00)",
        "Seen by the ward.",
        "not a diagnosis",
        "chest-paediatric 1.1.0",
        "Probability of the finding: 99.9 %",
        "Page 1 of ",
    ] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert!(!text.contains("Between us"), "{text}");
    assert!(
        text.starts_with(&format!("Radiology report {} en True", signed.report)),
        "{text}"
    );
}

#[tokio::test]
async fn long_texts_run_over_pages_and_what_no_font_has_is_named() {
    let signed = Signed::of("film.png", chest_film(6, 96), review()).await;
    let mut result = signed.result().await;
    let long = format!("{}שלום 😀 end", "Wörter und mehr ".repeat(4_096));
    result.reviews[0].clinical_findings = Some(long);
    let pdf = report_pdf(&result, zone).unwrap();
    let Some(text) = read(&pdf) else {
        return;
    };
    assert_eq!(text.matches("Wörter").count(), 4_096);
    // Wherever the line was broken.
    let joined: String = text.split_whitespace().collect();
    let shown = "[U+05E9][U+05DC][U+05D5][U+05DD][U+1F600]end";
    assert!(joined.contains(shown), "{shown} is not there");
    assert!(
        text.contains("are written as their"),
        "the reader is told what that is"
    );
    assert!(text.contains("The AI could not assess this case"));
    assert!(!text.contains("Probability of the finding"));
}

#[tokio::test]
async fn the_pdf_in_dicom_is_the_pdf() {
    let signed = Signed::new().await;
    let result = signed.result().await;
    let document = encapsulated_pdf(&result, zone).unwrap();
    assert_eq!(document, encapsulated_pdf(&result, zone).unwrap());
    let header = DicomFile::open(&document.bytes, &Limits::default())
        .unwrap()
        .full_json();
    let text =
        |tag: dicom_core::Tag| header[format!("{:04X}{:04X}", tag.0, tag.1)]["Value"][0].clone();
    assert_eq!(text(tags::MODALITY), "DOC");
    assert_eq!(text(tags::PATIENT_ID), "E-1");
    let folder = tempfile::tempdir().unwrap();
    let file = kept(folder.path(), "report.dcm", &document.bytes);
    let out = folder.path().join("out.pdf");
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    if let Some((fine, _, faults)) = said("dcmdump", &["-q", file]) {
        assert!(fine && faults.is_empty(), "{faults}");
    }
    if let Some((fine, _, faults)) = said("dcm2pdf", &[file, out]) {
        assert!(fine, "{faults}");
        // Padded to an even length in DICOM, and cut to what it was.
        assert_eq!(
            std::fs::read(out).unwrap(),
            report_pdf(&result, zone).unwrap()
        );
    }
    if let Some(python) = python("pydicom") {
        let read = "import sys, pydicom\nd = pydicom.dcmread(sys.argv[1])\n\
                    assert d.EncapsulatedDocument[:d.EncapsulatedDocumentLength][:5] == b'%PDF-'\n\
                    assert d.SourceInstanceSequence[0].ReferencedSOPInstanceUID\nprint('read')";
        let arguments = ["-W", "ignore", "-c", read, file];
        let (fine, text, faults) = said(python.to_str().unwrap(), &arguments).unwrap();
        assert!(fine && text.contains("read"), "{faults}");
    }
}

#[tokio::test]
async fn the_patient_takes_the_report_once_it_is_released_and_nobody_elses() {
    let (signed, patient) = Signed::for_patient().await;
    let path = format!("/api/reports/{}/pdf", signed.report);
    assert_eq!(patient.get(&path).await.status, 404, "before the release");
    signed
        .doctor
        .post(
            &format!("/api/reports/{}/release", signed.report),
            json!({}),
        )
        .await
        .expect(200);
    let answer = patient.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/pdf");
    assert!(answer.bytes.starts_with(b"%PDF-"));
    assert_eq!(signed.doctor.get(&path).await.bytes, answer.bytes);
    assert_eq!(signed.sender.get(&path).await.bytes, answer.bytes);
    let other = signed
        .app
        .client_named(Role::Patient, "somebody-else")
        .await;
    assert_eq!(other.get(&path).await.status, 404);
    let tech = signed.app.client(Role::Tech).await;
    assert_eq!(tech.get(&path).await.status, 403);
    let trail = tech.get("/api/audit?action=read_report").await.expect(200);
    let rows = trail["items"].as_array().unwrap();
    assert_eq!(
        rows.iter()
            .filter(|row| row["new_values"]["form"] == "pdf")
            .count(),
        3
    );
}
