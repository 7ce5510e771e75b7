//! The structured report.

use std::cell::RefCell;

use db::orders::{Order, OrderContent};
use dicom_dictionary_std::tags;
use domain::{
    OrderId, Role, UserId,
    order::{OrderPriority, OrderStatus},
};
use imaging::{DicomFile, Limits};
use proptest::{
    strategy::Strategy as _,
    test_runner::{Config, TestRunner},
};
use results::structured_report;
use serde_json::{Value, json};
use testkit::chest_film;

use crate::common::{Signed, kept, python, review, said, zone};

/// What dcmtk reads, without UIDs that are new in each run; nothing is wrong with it.
fn dumped(signed: &Signed, bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = kept(folder.path(), "report.dcm", bytes);
    let file = file.to_str().unwrap();
    let (fine, text, faults) = said("dsrdump", &["-v", "+Pl", "+Psu", file])?;
    // dcmtk's checker of values says of itself that it does not know UTF-8.
    let faults: Vec<&str> = faults
        .lines()
        .filter(|line| line.starts_with("W:") || line.starts_with("E:"))
        .filter(|line| !line.contains("VR checker does not support"))
        .collect();
    assert!(fine && faults.is_empty(), "{faults:?}\n{text}");
    let (fine, _, faults) = said("dcmdump", &["-q", file])?;
    assert!(fine && faults.is_empty(), "{faults}");
    Some(signed.plain(&text))
}

/// A header as JSON.
fn header(bytes: &[u8]) -> Value {
    DicomFile::open(bytes, &Limits::default())
        .unwrap()
        .full_json()
}

fn value(header: &Value, tag: dicom_core::Tag) -> Value {
    header[format!("{:04X}{:04X}", tag.0, tag.1)]["Value"][0].clone()
}

/// Every text of the content.
fn texts(item: &Value, found: &mut Vec<String>) {
    if let Some(text) = value(item, tags::TEXT_VALUE).as_str() {
        found.push(text.to_owned());
    }
    let children = item["0040A730"]["Value"].as_array();
    for child in children.into_iter().flatten() {
        texts(child, found);
    }
}

#[tokio::test]
async fn dcmtk_reads_everything_that_was_said_and_an_addendum_replaces_the_report() {
    let signed = Signed::new().await;
    let result = signed.result().await;
    let first = structured_report(&result, zone).unwrap();
    assert_eq!(first, structured_report(&result, zone).unwrap());
    if let Some(text) = dumped(&signed, &first.bytes) {
        insta::assert_snapshot!("signed", text);
        assert!(!text.contains("Between us"), "notes among colleagues stay");
    }
    let said_first = header(&first.bytes);
    assert_eq!(said_first.get("0040A360"), None);

    signed.add("Seen by the ward.").await;
    let second = structured_report(&signed.result().await, zone).unwrap();
    let said_second = header(&second.bytes);
    let replaced = value(&said_second, tags::PREDECESSOR_DOCUMENTS_SEQUENCE);
    let series = value(&replaced, tags::REFERENCED_SERIES_SEQUENCE);
    let instance = value(&series, tags::REFERENCED_SOP_SEQUENCE);
    assert_eq!(
        value(&instance, tags::REFERENCED_SOP_INSTANCE_UID),
        first.sop_instance_uid
    );
    let of_series = |header: &Value| value(header, tags::SERIES_INSTANCE_UID);
    assert_eq!(of_series(&said_first), of_series(&said_second));
    assert_eq!(of_series(&said_second), of_series(&series));
    assert_eq!(value(&said_second, tags::INSTANCE_NUMBER), 2);
    if let Some(text) = dumped(&signed, &second.bytes) {
        assert!(text.contains("Seen by the ward."), "{text}");
    }
}

/// highdicom's own reading of the template.
const READ: &str = r#"
import sys, highdicom as hd
report = hd.sr.srread(sys.argv[1])
assert isinstance(report, hd.sr.ComprehensiveSR), type(report)
content = report.content
assert isinstance(content, hd.sr.MeasurementReport), type(content)
people = [o for o in content.get_observer_contexts()]
assert len(people) == 2, people
case, = content.get_image_measurement_groups()
number = {m.name.value: m.value for m in case.get_measurements()}
assert 0.9 < number['risk-probability'] <= 1, number
shares = [number[k + '-probability'] for k in ('low', 'medium', 'high')]
assert abs(sum(shares) - 1) < 1e-9, shares
word = {q.name.value: q.value.value for q in case.get_qualitative_evaluations()}
assert word['ai-risk'] == 'high', word
assert len(case.source_images) == 1
region, = content.get_planar_roi_measurement_groups()
assert region.roi.graphic_type == hd.sr.GraphicTypeValues.POLYLINE
assert region.finding_type.meaning == 'Opacity suggesting pneumonia'
assert report.VerificationFlag == 'VERIFIED'
print('read')
"#;

#[tokio::test]
async fn highdicom_finds_the_measurements_of_the_template() {
    let Some(python) = python("highdicom") else {
        return;
    };
    let signed = Signed::new().await;
    let report = structured_report(&signed.result().await, zone).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = kept(folder.path(), "report.dcm", &report.bytes);
    let arguments = ["-W", "ignore", "-c", READ, file.to_str().unwrap()];
    let (fine, text, faults) = said(python.to_str().unwrap(), &arguments).unwrap();
    assert!(fine && text.contains("read"), "{text}\n{faults}");
}

#[tokio::test]
async fn a_case_that_the_ai_could_not_assess_has_no_probability() {
    let signed = Signed::of("film.png", chest_film(3, 96), review()).await;
    let result = signed.result().await;
    assert!(result.analysis.is_none() && result.not_assessed.is_some());
    let report = structured_report(&result, zone).unwrap();
    if let Some(text) = dumped(&signed, &report.bytes) {
        insta::assert_snapshot!("not_assessed", text);
    }
    // A plain picture is of no study: the case is one of its own, and nothing is referred to.
    let said = header(&report.bytes);
    let case = signed.report.parse::<uuid::Uuid>().unwrap();
    let own = imaging::write::uid_from_u128(case.as_u128());
    assert_eq!(value(&said, tags::STUDY_INSTANCE_UID), own);
    assert_eq!(value(&said, tags::PATIENT_ID), "E-1");
    assert_eq!(said.get("0040A375"), None);
    if let Some(python) = python("highdicom") {
        let folder = tempfile::tempdir().unwrap();
        let file = kept(folder.path(), "report.dcm", &report.bytes);
        let read = "import sys, highdicom as hd\n\
                    content = hd.sr.srread(sys.argv[1]).content\n\
                    assert content.get_image_measurement_groups() == []\nprint('read')";
        let arguments = ["-W", "ignore", "-c", read, file.to_str().unwrap()];
        let (fine, text, faults) =
            crate::common::said(python.to_str().unwrap(), &arguments).unwrap();
        assert!(fine && text.contains("read"), "{text}\n{faults}");
    }
}

#[tokio::test]
async fn whatever_a_doctor_writes_comes_back() {
    let signed = Signed::of("film.png", chest_film(4, 96), review()).await;
    let result = RefCell::new(signed.result().await);
    let comes_back = |text: &str| {
        result.borrow_mut().reviews[0].clinical_findings = Some(text.to_owned());
        let report = structured_report(&result.borrow(), zone).unwrap();
        let mut found = Vec::new();
        texts(&header(&report.bytes), &mut found);
        // Lines end as DICOM ends them, and control characters are written as their pictures.
        let shown: String = text
            .replace("\r\n", "\n")
            .chars()
            .map(|character| match character {
                '\n' | '\r' => "\r\n".to_owned(),
                '\t' => "\t".to_owned(),
                '\u{7f}' => "\u{2421}".to_owned(),
                '\u{80}'..='\u{9f}' => "\u{fffd}".to_owned(),
                control if control < ' ' => {
                    char::from_u32(0x2400 + control as u32).unwrap().to_string()
                }
                other => other.to_string(),
            })
            .collect();
        let shown = shown.trim_end();
        found.iter().any(|one| one.trim_end() == shown)
    };
    for text in [
        "äöüß ΑΒΓ 肺炎 한국어 עברית 😀",
        "back\\slash ^ = | & ~",
        "a\u{1}\u{1b}b\u{85}c",
        &"Wörter und mehr ".repeat(4_096),
    ] {
        assert!(comes_back(text), "{text:.80}");
    }
    let mut runner = TestRunner::new(Config::with_cases(96));
    let any = proptest::collection::vec(proptest::char::any(), 1..60)
        .prop_map(|characters| characters.into_iter().collect::<String>())
        .prop_filter("there is something to say", |text| !text.trim().is_empty());
    runner
        .run(&any, |text| {
            proptest::prop_assert!(comes_back(&text), "{:?}", text);
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_name_that_has_no_room_is_refused_by_name() {
    let signed = Signed::of("film.png", chest_film(5, 96), review()).await;
    let mut result = signed.result().await;
    result.case.patient.name = "Ada ".to_owned() + &"von ".repeat(20) + "King";
    let refused = structured_report(&result, zone).unwrap_err().to_string();
    assert!(
        refused.contains("the patient's name") && refused.contains("64"),
        "{refused}"
    );
}

#[tokio::test]
async fn signed_results_are_fetched_by_staff_of_the_case_alone_and_audited() {
    let signed = Signed::new().await;
    let path = format!("/api/reports/{}/results/structured-report", signed.report);
    let answer = signed.doctor.get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/dicom");
    let said = header(&answer.bytes);
    assert_eq!(value(&said, tags::MODALITY), "SR");
    assert_eq!(signed.sender.get(&path).await.status, 200);
    let other = signed
        .app
        .client_named(Role::Radiologist, "somebody-else")
        .await;
    assert_eq!(other.get(&path).await.status, 404);
    let patient = signed.app.client(Role::Patient).await;
    assert_eq!(patient.get(&path).await.status, 403);
    let unknown = path.replace("structured-report", "poem");
    assert_eq!(signed.doctor.get(&unknown).await.status, 404);

    let tech = signed.app.client(Role::Tech).await;
    let trail = tech.get("/api/audit?action=read_report").await.expect(200);
    let rows = trail["items"].as_array().unwrap();
    let read: Vec<&Value> = rows
        .iter()
        .filter(|row| row["new_values"]["form"] == "dicom structured-report")
        .collect();
    assert_eq!(read.len(), 2, "{rows:?}");
}

#[tokio::test]
async fn an_order_is_answered_and_another_signature_replaces_the_report() {
    let signed = Signed::new().await;
    let before = structured_report(&signed.result().await, zone).unwrap();
    let second = signed.app.client_named(Role::Doctor, "second-reader").await;
    signed.app.advance(chrono::Duration::minutes(5));
    let mut opinion = review();
    opinion["report_id"] = json!(signed.report);
    opinion["second_opinion"] = json!(true);
    opinion["doctor_risk_assessment"] = json!("low");
    let path = format!("/api/reviews/queue/{}/identity", signed.report);
    second.post(&path, json!({ "note": "asked again" })).await;
    second.post("/api/reviews", opinion).await.expect(201);
    let mut result = signed.result().await;
    result.case.order = Some(Order {
        order_id: OrderId(uuid::Uuid::from_u128(9)),
        content: OrderContent {
            patient_id: UserId(result.case.patient.id),
            status: OrderStatus::Completed,
            priority: OrderPriority::Routine,
            placer_issuer: "HIS".to_owned(),
            placer_number: Some("P-17".to_owned()),
            accession_number: Some("ACC-1".to_owned()),
            procedure_system: "http://loinc.org".to_owned(),
            procedure_code: "36643-5".to_owned(),
            procedure_text: "XR Chest 2 Views".to_owned(),
            modality: None,
            station_ae_title: None,
            scheduled_at: None,
            reason: None,
            requester: None,
            authored_at: None,
        },
        patient_name: None,
        updated_at: signed.app.now(),
    });
    let after = structured_report(&result, zone).unwrap();
    let said = header(&after.bytes);
    let request = value(&said, tags::REFERENCED_REQUEST_SEQUENCE);
    let placer = tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST;
    assert_eq!(value(&request, placer), "P-17");
    let Some(text) = dumped(&signed, &after.bytes) else {
        return;
    };
    for part in [
        r#""Procedure reported")=(36643-5,LN,"XR Chest 2 Views")"#,
        "second-reader",
        "The doctor corrected the AI",
        r#""Risk as signed by the doctor")=(low,99PORTAL,"Low risk")"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_ne!(before.sop_instance_uid, after.sop_instance_uid);
    let replaced = value(&said, tags::PREDECESSOR_DOCUMENTS_SEQUENCE);
    assert!(replaced.is_object(), "{replaced}");
}
