//! `docs/DICOM_CONFORMANCE.md` says which services are provided over the network, and no other.

use std::collections::BTreeSet;

fn rows(heading: &str) -> BTreeSet<String> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/DICOM_CONFORMANCE.md"
    );
    let document = std::fs::read_to_string(path).unwrap();
    let start = document
        .find(heading)
        .unwrap_or_else(|| panic!("no heading {heading}"));
    document[start + heading.len()..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('`').nth(1).map(str::to_owned))
        .collect()
}

#[test]
fn every_sop_class_is_in_the_statement_and_no_other() {
    let mut there: BTreeSet<String> = dimse::CLASSES
        .iter()
        .map(|(class, _)| (*class).to_owned())
        .collect();
    there.insert(dimse::STORAGE_CLASSES.to_owned());
    assert_eq!(rows("## Films from devices (DIMSE)"), there);
}

#[test]
fn every_key_of_the_worklist_is_in_the_statement_and_no_other() {
    let there: BTreeSet<String> = dimse::worklist::KEYS
        .iter()
        .map(|(_, keyword)| (*keyword).to_owned())
        .collect();
    assert_eq!(rows("### Keys of the worklist"), there);
}
