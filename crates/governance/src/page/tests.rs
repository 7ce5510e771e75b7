use domain::{ModelEvent, ModelStage, RiskCategory};
use serde_json::json;

use super::*;
use crate::{drift, figures, figures::tests::judged, standing::Answers};

fn page() -> Page {
    let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let model_id = ModelId::new_at(at);
    let cases: Vec<_> = (0..60)
        .map(|index| {
            let doctor = if index % 2 == 0 {
                RiskCategory::High
            } else {
                RiskCategory::Low
            };
            judged(index, if index % 2 == 0 { 0.95 } else { 0.05 }, doctor)
        })
        .collect();
    let standing = ModelStanding {
        stage: ModelStage::Active,
        answers: Answers {
            low: 30,
            medium: 0,
            high: 30,
            not_assessed: 2,
        },
        figures: figures::of(&cases, at, at),
        drift: vec![drift::QuantityDrift {
            quantity: "exposure".to_owned(),
            edges: vec![0.5],
            reference: vec![50, 50],
            recent: vec![1, 99],
            index: 3.1,
            limit: 0.25,
            has_drifted: true,
        }],
        has_drift_reference: true,
    };
    Page {
        made_at: at,
        model: Model {
            model_id,
            model_name: "chest".to_owned(),
            version: "1.0.0".to_owned(),
            architecture: None,
            framework: None,
            model_file_url: "chest-1.0.0".to_owned(),
            model_config: json!({ "model_sha256": "00" }),
            trained_date: None,
            training_dataset_version: None,
            deployed_date: None,
            is_active: true,
            stage: ModelStage::Active,
            baseline_accuracy: Some(0.9),
            baseline_precision: None,
            baseline_recall: None,
            baseline_f1_score: None,
            description: Some("<script>alert(1)</script>".to_owned()),
            created_at: at,
        },
        standings: vec![(at.date_naive(), at, standing)],
        changes: vec![ModelChange {
            change_id: domain::ModelChangeId::new_at(at),
            model_id,
            event: ModelEvent::Promoted,
            from_stage: ModelStage::Shadow,
            to_stage: ModelStage::Active,
            replaced_model_id: None,
            reason: "better on 300 cases".to_owned(),
            changed_by: None,
            changed_by_name: None,
            changed_as: "command_line".to_owned(),
            created_at: at,
        }],
        promotions: Vec::new(),
        alarms: Vec::new(),
    }
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_shows() {
    let page = page().html().into_string();
    assert!(
        !page.contains("<script"),
        "no script, not even from a description"
    );
    for away in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(away), "{away}: it needs no other file");
    }
    for shown in [
        "Reliability",
        "ROC curve, area 1.000",
        "exposure: index 3.10",
        "command line",
        "better on 300 cases",
        "age: 1-5",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
}
