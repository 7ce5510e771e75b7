//! `docs/DICOM_CONFORMANCE.md` says what is there, and nothing else.

fn document() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/DICOM_CONFORMANCE.md"
    );
    std::fs::read_to_string(path).unwrap()
}

/// The first cell in backticks of each row of the table below a heading.
fn rows(document: &str, heading: &str) -> Vec<String> {
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
fn every_path_is_in_the_statement_and_no_other() {
    let mut said = rows(&document(), "## Services");
    let mut there: Vec<String> = dicomweb::PATHS
        .iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    said.sort();
    there.sort();
    assert_eq!(said, there);
}

#[test]
fn every_key_is_in_the_statement_and_no_other() {
    let mut said = rows(&document(), "## Keys of searches");
    let mut there: Vec<String> = dicomweb::query::KEYS
        .iter()
        .map(|(_, keyword, _)| (*keyword).to_owned())
        .collect();
    said.sort();
    there.sort();
    assert_eq!(said, there);
}

#[test]
fn every_reason_for_a_failure_is_in_the_statement_and_no_other() {
    let mut said = rows(&document(), "## Failure reasons");
    let mut there: Vec<String> = intake::FAILURES
        .iter()
        .map(|(_, reason)| format!("{reason:04X}"))
        .collect();
    said.sort();
    there.sort();
    there.dedup();
    assert_eq!(said, there);
}
