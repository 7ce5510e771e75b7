//! `docs/DICOM_CONFORMANCE.md` says what results have, and nothing else.

#[test]
fn every_code_of_the_portals_own_is_in_the_statement_and_no_other() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/DICOM_CONFORMANCE.md"
    );
    let document = std::fs::read_to_string(path).unwrap();
    let heading = "### Codes of results";
    let start = document.find(heading).unwrap();
    let mut said: Vec<&str> = document[start + heading.len()..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    said.sort_unstable();
    let mut there = results::OWN_CODES.to_vec();
    there.sort_unstable();
    assert_eq!(said, there);
}
