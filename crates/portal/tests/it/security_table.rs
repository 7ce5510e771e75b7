//! `docs/SECURITY.md` names a test for each requirement, or says "not done"; the tests are there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Names of functions and modules of all sources.
fn names(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.insert(stem);
            names(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(text.lines().filter_map(|line| {
                let (_, rest) = line.split_once("fn ")?;
                let end = rest.find(['(', '<'])?;
                Some(rest[..end].to_owned())
            }));
            found.insert(stem);
        }
    }
}

fn is_there(test: &str, known: &BTreeSet<String>) -> bool {
    if test.contains('/') || test.contains('.') {
        return repository().join(test).exists();
    }
    let name = test.rsplit("::").next().unwrap_or(test);
    known.contains(name) || repository().join(format!("web/e2e/{name}.mjs")).exists()
}

#[test]
fn each_requirement_names_a_test_that_is_there_or_is_not_done() {
    let mut known = BTreeSet::new();
    names(&repository().join("crates"), &mut known);
    let text = fs::read_to_string(repository().join("docs/SECURITY.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim_matches(['|', ' ']))
                .collect()
        })
        .filter(|row: &Vec<&str>| row[0] != "requirement")
        .collect();
    assert!(rows.len() > 40, "{} rows", rows.len());
    let mut missing = Vec::new();
    for row in rows {
        let last = row.last().unwrap();
        let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        let is_not_done = row[1..].iter().any(|cell| cell.starts_with("not done"));
        assert!(
            is_not_done || *last == "the same" || !tests.is_empty(),
            "no test is named: {row:?}"
        );
        if is_not_done {
            continue;
        }
        for test in tests {
            if !is_there(test, &known) {
                missing.push(format!("{test}: {}", row[0]));
            }
        }
    }
    assert!(missing.is_empty(), "tests that are not there: {missing:#?}");
}
