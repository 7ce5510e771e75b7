//! ADT: patients registered and corrected.

use crate::{Verdict, add_sender, message, start};

const ADA: &str = "PID|1||E-1^^^St. Mary^MR||Lovelace^Ada^King||18151210|F|||||555-1";
const PATIENTS: &str = "SELECT u.name || '|' || coalesce(u.date_of_birth::text, '') || '|' || coalesce(u.phone, '') || '|'
    || string_agg(i.issuer || '/' || i.identifier, ' ' ORDER BY i.identifier)
    FROM users u JOIN portal.patient_identifiers i ON i.patient_id = u.id GROUP BY u.id ORDER BY u.name";

#[tokio::test]
async fn a_patient_is_registered_once_and_corrected() {
    let portal = start().await;
    let mut his = portal.connect().await;
    for id in ["1", "2"] {
        let registered = his
            .send(&message("ADT^A04^ADT_A01", id, &["EVN|A04", ADA]))
            .await;
        assert_eq!(registered, Verdict::taken());
    }
    assert_eq!(
        portal.texts(PATIENTS).await,
        ["Ada King Lovelace|1815-12-10|555-1|St. Mary/E-1"]
    );
    assert_eq!(portal.audited("create_patient").await, 1);
    assert_eq!(
        portal.audited("update_patient").await,
        0,
        "the same again is no change"
    );
    // What is not said stays; a further number is added.
    let corrected = "PID|1||E-1^^^St. Mary^MR~77^^^Clinic^PI||Lovelace^Ada";
    let verdict = his.send(&message("ADT^A08", "3", &[corrected])).await;
    assert_eq!(verdict, Verdict::taken());
    assert_eq!(
        portal.texts(PATIENTS).await,
        ["Ada Lovelace|1815-12-10|555-1|Clinic/77 St. Mary/E-1"]
    );
    assert_eq!(portal.audited("update_patient").await, 1);
    let note = portal
        .texts("SELECT new_values->>'form' || ' ' || (new_values->>'message') FROM audit_logs WHERE action = 'update_patient'")
        .await;
    assert_eq!(note, ["hl7 ADT^A08 3"]);
}

#[tokio::test]
async fn names_are_kept_in_the_set_that_they_were_written_in() {
    let portal = start().await;
    let mut his = portal.connect().await;
    let latin = message("ADT^A04", "1", &["PID|1||1||M\u{fc}ller^J\u{f6}rg"])
        .replace("UNICODE UTF-8", "8859/1")
        .chars()
        .map(|sign| u8::try_from(sign).unwrap())
        .collect::<Vec<u8>>();
    his.send_bytes(&latin).await;
    let unicode = message(
        "ADT^A04",
        "2",
        &["PID|1||2||\u{5c71}\u{7530}^\u{592a}\u{90ce}"],
    );
    assert_eq!(his.send(&unicode).await, Verdict::taken());
    let names = portal
        .texts("SELECT name FROM users WHERE id IN (SELECT patient_id FROM portal.patient_identifiers) ORDER BY name")
        .await;
    assert_eq!(names, ["Jörg Müller", "太郎 山田"]);
    let unknown = unicode.replace("UNICODE UTF-8", "KS X 1001");
    assert_eq!(
        his.send(&unknown).await,
        Verdict {
            code: "AR".to_owned(),
            fault: Some(("MSH-18".to_owned(), "103".to_owned()))
        }
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_place_and_nothing_is_kept() {
    let portal = start().await;
    add_sender(&portal.app, "FAR AWAY", "192.0.2.0/24").await;
    let mut his = portal.connect().await;
    let good = message("ADT^A04", "1", &[ADA]);
    let cases = [
        (good.replace("|HIS|", "|NOBODY|"), "AR", "MSH-3", "207"),
        (good.replace("|HIS|", "|FAR AWAY|"), "AR", "MSH-3", "207"),
        (good.replace("ADT^A04", "SIU^S12"), "AR", "MSH-9", "200"),
        (good.replace("ADT^A04", "ADT^A40"), "AR", "MSH-9", "201"),
        (good.replace("|P|2.5.1", "|T|2.5.1"), "AR", "MSH-11", "202"),
        (good.replace("|P|2.5.1", "|P|3.0"), "AR", "MSH-12", "203"),
        (good.replace("|1|P|", "||P|"), "AE", "MSH-10", "101"),
        (good.replace("PID|", "PV1|"), "AE", "PID", "100"),
        (good.replace("E-1^^^St. Mary^MR", ""), "AE", "PID-3", "101"),
        (good.replace("Lovelace^Ada^King", ""), "AE", "PID-5", "101"),
        (good.replace("18151210", "10.12.1815"), "AE", "PID-7", "102"),
        (good.replace("18151210", "29991210"), "AE", "PID-7", "102"),
        (good.replace("|F|", "|W|"), "AE", "PID-8", "103"),
        (good.replace("PID|", "pid"), "AR", "", "100"),
        ("nonsense".to_owned(), "AR", "", "100"),
    ];
    for (sent, code, at, error) in cases {
        assert_eq!(
            his.send(&sent).await,
            Verdict::refused(code, at, error),
            "{sent}"
        );
    }
    assert_eq!(portal.audited("create_patient").await, 0);
    assert_eq!(
        his.send(&good).await,
        Verdict::taken(),
        "the connection goes on"
    );
}

#[tokio::test]
async fn numbers_of_two_patients_are_for_a_person_to_look_at() {
    let portal = start().await;
    let mut his = portal.connect().await;
    for (id, pid) in [
        ("1", "PID|1||1^^^A||Doe^Jane"),
        ("2", "PID|1||2^^^B||Roe^Jane"),
    ] {
        assert_eq!(
            his.send(&message("ADT^A04", id, &[pid])).await,
            Verdict::taken()
        );
    }
    let both = message("ADT^A08", "3", &["PID|1||1^^^A~2^^^B||Doe^Jane"]);
    assert_eq!(
        his.send(&both).await,
        Verdict::refused("AE", "PID-3", "205")
    );
}

#[tokio::test]
async fn two_systems_that_send_one_patient_at_once_register_one() {
    let portal = start().await;
    let send = async |id: &'static str| {
        let mut his = portal.connect().await;
        his.send(&message("ADT^A04", id, &[ADA])).await
    };
    let (one, two, three, four) = tokio::join!(send("1"), send("2"), send("3"), send("4"));
    for verdict in [one, two, three, four] {
        assert_eq!(verdict, Verdict::taken());
    }
    assert_eq!(portal.audited("create_patient").await, 1);
}
