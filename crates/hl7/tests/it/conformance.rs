//! `docs/HL7.md` says what is taken and sent, and nothing else.

use std::collections::BTreeSet;

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/HL7.md");
    std::fs::read_to_string(path).unwrap()
}

/// The rows of the table whose head begins so, cell by cell.
fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let start = document
        .find(head)
        .unwrap_or_else(|| panic!("no table {head}"));
    document[start..]
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

#[test]
fn every_message_is_in_the_document_and_no_other() {
    let there: Vec<Vec<String>> = hl7::TAKEN
        .iter()
        .map(|(kind, events, does)| {
            let events: Vec<String> = events.iter().map(|event| format!("`{event}`")).collect();
            vec![format!("`{kind}`"), events.join(" "), (*does).to_owned()]
        })
        .collect();
    assert_eq!(table(&document(), "| message | events"), there);
}

#[test]
fn every_observation_is_in_the_document_and_no_other() {
    let said: BTreeSet<String> = table(&document(), "| observation |")
        .into_iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect();
    let there: BTreeSet<String> = hl7::OBSERVED
        .iter()
        .map(|code| (*code).to_owned())
        .collect();
    assert_eq!(said, there);
}
