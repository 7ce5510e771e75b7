//! `docs/FHIR.md` and the CapabilityStatement say what is there, and nothing else.

use std::collections::BTreeMap;

use fhir::spec::{ParamType, SPECS};
use serde_json::Value;
use testkit::TestApp;

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FHIR.md");
    std::fs::read_to_string(path).unwrap()
}

/// The rows of the table whose head begins so: the first cell, and the words in backticks of the second.
fn table(document: &str, head: &str) -> BTreeMap<String, Vec<String>> {
    let start = document
        .find(head)
        .unwrap_or_else(|| panic!("no table {head}"));
    document[start..]
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            let words = cells[2].split('`').skip(1).step_by(2);
            (
                cells[1].trim().trim_matches('`').to_owned(),
                words.map(str::to_owned).collect(),
            )
        })
        .collect()
}

#[test]
fn every_path_is_in_the_document_and_no_other() {
    let said: Vec<String> = table(&document(), "| request | does").into_keys().collect();
    let mut there: Vec<String> = fhir::PATHS
        .iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    there.sort();
    assert_eq!(said, there);
}

#[test]
fn every_parameter_is_in_the_document_and_no_other() {
    let said = table(&document(), "| kind | parameters");
    let there: BTreeMap<String, Vec<String>> = SPECS
        .iter()
        .map(|spec| {
            let params = spec.params.iter().map(|param| param.name.to_owned());
            (spec.kind.to_string(), params.collect())
        })
        .collect();
    assert_eq!(said, there);
}

#[test]
fn every_include_is_in_the_document_and_no_other() {
    let said = table(&document(), "| kind | `_include`");
    let there: BTreeMap<String, Vec<String>> = SPECS
        .iter()
        .filter(|spec| !spec.includes.is_empty())
        .map(|spec| {
            let links = spec.includes.iter().map(|link| link.param.to_owned());
            (spec.kind.to_string(), links.collect())
        })
        .collect();
    assert_eq!(said, there);
}

#[tokio::test]
async fn the_capability_statement_is_open_and_names_every_kind_and_parameter() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/fhir/metadata").await;
    let statement = answer.expect(200);
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/fhir+json")
    );
    assert_eq!(statement["fhirVersion"], "4.0.1");
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    assert_eq!(resources.len(), SPECS.len());
    for (resource, spec) in resources.iter().zip(SPECS) {
        assert_eq!(resource["type"], spec.kind.as_str());
        let named = resource["searchParam"].as_array().unwrap();
        let names: Vec<&str> = named
            .iter()
            .map(|param| param["name"].as_str().unwrap())
            .collect();
        let there: Vec<&str> = spec
            .params
            .iter()
            .filter(|param| param.kind != ParamType::PatientNumber)
            .map(|param| param.name)
            .collect();
        assert_eq!(names, there);
    }
    let refused = app
        .anonymous()
        .send(
            app.anonymous()
                .request(reqwest::Method::GET, "/fhir/metadata")
                .header("accept", "application/fhir+xml"),
        )
        .await
        .expect(406);
    assert_eq!(refused["resourceType"], "OperationOutcome");
    assert_ne!(statement["date"], Value::Null);
}
