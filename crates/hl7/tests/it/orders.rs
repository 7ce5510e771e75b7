//! ORM, OMI, OMG: orders placed, changed and cancelled, and films matched by them.

use crate::{Verdict, message, start};

const ADA: &str = "PID|1||E-1^^^St. Mary^MR||Lovelace^Ada||18151210|F";
const ORDERS: &str = "SELECT status || ' ' || priority || ' ' || coalesce(accession_number, '-') || ' ' || coalesce(modality, '-') || ' ' || procedure_text
    FROM portal.orders ORDER BY placer_number";
/// As IHE writes it before 2.5: accession number in OBR-18, modality in OBR-24.
const CHEST: &str = "OBR|1|||XR-CHEST^Chest X-ray^L||||||||||||||ACC-1||||||DX";

#[tokio::test]
async fn an_order_is_placed_once_changed_and_cancelled() {
    let portal = start().await;
    let mut his = portal.connect().await;
    for id in ["1", "2"] {
        let sent = message(
            "ORM^O01",
            id,
            &[ADA, "ORC|NW|O-1^HIS", "TQ1|1||||||||S", CHEST],
        );
        assert_eq!(his.send(&sent).await, Verdict::taken());
    }
    assert_eq!(
        portal.texts(ORDERS).await,
        ["active stat ACC-1 DX Chest X-ray"]
    );
    assert_eq!(portal.audited("create_patient").await, 1);
    assert_eq!(portal.audited("create_order").await, 1);
    assert_eq!(portal.audited("update_order").await, 0);
    let changed = message(
        "OMI^O23",
        "3",
        &[
            ADA,
            "ORC|XO|O-1^HIS",
            "OBR|1|||^Chest, two views",
            "IPC|ACC-2||||CR||||CR1",
        ],
    );
    assert_eq!(his.send(&changed).await, Verdict::taken());
    assert_eq!(
        portal.texts(ORDERS).await,
        ["active stat ACC-2 CR Chest, two views"]
    );
    let cancelled = message("OMG^O19", "4", &[ADA, "ORC|CA|O-1^HIS"]);
    for _ in 0..2 {
        assert_eq!(his.send(&cancelled).await, Verdict::taken());
    }
    assert_eq!(
        portal.texts(ORDERS).await,
        ["revoked stat ACC-2 CR Chest, two views"]
    );
    assert_eq!(portal.audited("update_order").await, 2);
    assert_eq!(
        his.send(&changed).await,
        Verdict::refused("AE", "ORC-1", "205"),
        "what is over does not begin again"
    );
}

#[tokio::test]
async fn an_order_that_was_made_stays_so_when_its_message_comes_again() {
    let portal = start().await;
    let mut his = portal.connect().await;
    let placed = message("ORM^O01", "1", &[ADA, "ORC|NW|O-1", CHEST]);
    assert_eq!(his.send(&placed).await, Verdict::taken());
    let made = message("ORM^O01", "2", &[ADA, "ORC|SC|O-1|||CM"]);
    assert_eq!(his.send(&made).await, Verdict::taken());
    assert_eq!(his.send(&placed).await, Verdict::taken());
    assert_eq!(
        portal.texts(ORDERS).await,
        ["completed routine ACC-1 DX Chest X-ray"]
    );
    assert_eq!(portal.audited("update_order").await, 1);
    let other = placed.replace("Chest X-ray", "Hand");
    assert_eq!(
        his.send(&other).await,
        Verdict::refused("AE", "ORC-1", "205")
    );
}

#[tokio::test]
async fn a_message_is_taken_whole_or_not_at_all() {
    let portal = start().await;
    let mut his = portal.connect().await;
    let second = message(
        "ORM^O01",
        "1",
        &[
            ADA,
            "ORC|NW|O-1",
            CHEST,
            "ORC|NW|O-2",
            "OBR|2|||Hand||||||||||||||ACC-1",
        ],
    );
    assert_eq!(
        his.send(&second).await,
        Verdict::refused("AE", "OBR-18", "205")
    );
    assert_eq!(portal.texts(ORDERS).await, Vec::<String>::new());
    assert_eq!(
        portal
            .count("SELECT count(*) FROM portal.patient_identifiers")
            .await,
        0
    );
    let unknown = message("ORM^O01", "2", &[ADA, "ORC|CA|O-9"]);
    assert_eq!(
        his.send(&unknown).await,
        Verdict::refused("AE", "ORC-2", "204")
    );
    assert_eq!(
        portal
            .count("SELECT count(*) FROM portal.patient_identifiers")
            .await,
        0
    );
    let both = second
        .replace("||||||||||||||ACC-1\r", "\r")
        .replace("Hand", "Hand||||||||||||||ACC-2");
    assert_eq!(his.send(&both).await, Verdict::taken());
    assert_eq!(portal.texts(ORDERS).await.len(), 2);
}

#[tokio::test]
async fn an_order_under_a_number_of_somebody_else_is_for_a_person_to_look_at() {
    let portal = start().await;
    let mut his = portal.connect().await;
    let first = message("ORM^O01", "1", &[ADA, "ORC|NW|O-1", "OBR|1|||XR"]);
    assert_eq!(his.send(&first).await, Verdict::taken());
    for (pid, verdict) in [
        (
            "PID|1||E-1^^^St. Mary^MR||Byron^George||17880122",
            Verdict::refused("AE", "PID-3", "205"),
        ),
        (
            "PID|1||E-1^^^St. Mary^MR||Lovelace^Ada||18151211",
            Verdict::refused("AE", "PID-3", "205"),
        ),
        (
            "PID|1||E-1^^^St. Mary^MR||Byron^George",
            Verdict::refused("AE", "PID-3", "205"),
        ),
        // A married name, the same day.
        (
            "PID|1||E-1^^^St. Mary^MR||King^Ada||18151210",
            Verdict::taken(),
        ),
        ("PID|1||E-1^^^St. Mary^MR", Verdict::taken()),
    ] {
        let sent = message("ORM^O01", "2", &[pid, "ORC|NW|O-2", "OBR|1|||XR"]);
        assert_eq!(his.send(&sent).await, verdict, "{pid}");
    }
    let other = message(
        "ORM^O01",
        "3",
        &["PID|1||E-2||Byron^George", "ORC|XO|O-1", "OBR|1|||XR"],
    );
    assert_eq!(
        his.send(&other).await,
        Verdict::refused("AE", "ORC-2", "205")
    );
}
