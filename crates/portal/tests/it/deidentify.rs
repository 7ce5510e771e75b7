//! `deidentify`: copies for research, through the binary.

use std::{collections::BTreeSet, path::Path};

use imaging::{DicomFile, Limits};
use serde_json::Value;

use crate::support::{run, stdout};

/// Twelve films of four patients.
fn films(folder: &Path) -> String {
    let films = folder.join("films");
    std::fs::create_dir(&films).unwrap();
    for number in 0..12 {
        let film = testkit::dicom_film(number, &format!("HN-4711{}", number % 4));
        std::fs::write(films.join(format!("{number}.dcm")), film).unwrap();
    }
    films.to_str().unwrap().to_owned()
}

fn report(out: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(out.join("changes.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn films_are_copied_under_pseudonyms_that_a_projects_key_makes_again() {
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path());
    let copy = |out: &str, key: &str| {
        let (out, key) = (folder.path().join(out), folder.path().join(key));
        let said = stdout(&run(&[
            "deidentify",
            &films,
            "--out",
            out.to_str().unwrap(),
            "--project-key",
            key.to_str().unwrap(),
            "--clean-descriptors",
            "--shift-dates",
        ]));
        assert!(said.starts_with("12 films of 4 patients"), "{said}");
        report(&out)
    };
    let first = copy("first", "key");
    assert_eq!(first.len(), 12);
    assert_eq!(first, copy("again", "key"));
    let other = copy("other", "another-key");
    let pseudonyms = |rows: &[Value]| -> BTreeSet<String> {
        rows.iter()
            .map(|row| row["pseudonym"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(pseudonyms(&first).is_disjoint(&pseudonyms(&other)));
    let mode = std::fs::metadata(folder.path().join("key"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o600
    );

    let originals: Vec<_> = std::fs::read_dir(&films)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let names: BTreeSet<String> = originals
        .iter()
        .flat_map(|bytes| {
            let header = DicomFile::open(bytes, &Limits::default()).unwrap().header();
            [header.patient_name_dicom, header.patient_id]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(!names.is_empty());
    for row in &first {
        let bytes = std::fs::read(
            folder
                .path()
                .join("first")
                .join(row["copy"].as_str().unwrap()),
        )
        .unwrap();
        let header = DicomFile::open(&bytes, &Limits::default())
            .unwrap()
            .header();
        assert_eq!(header.patient_id.as_deref(), row["pseudonym"].as_str());
        for name in &names {
            let found = bytes
                .windows(name.len())
                .any(|window| window == name.as_bytes());
            assert!(!found, "{row}");
        }
    }
}

#[test]
fn what_cannot_be_copied_is_named_and_the_rest_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let films = films(folder.path());
    std::fs::write(Path::new(&films).join("notes.txt"), "no film").unwrap();
    let (out, key) = (folder.path().join("out"), folder.path().join("key"));
    let (out, key) = (out.to_str().unwrap(), key.to_str().unwrap());
    let arguments = ["deidentify", &films, "--out", out, "--project-key", key];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("notes.txt: not an image"), "{said}");
    assert_eq!(report(Path::new(out)).len(), 12);
    // Copies of two runs are never mixed.
    let again = String::from_utf8_lossy(&run(&arguments).stderr).into_owned();
    assert!(again.contains("is not empty"), "{again}");
    std::fs::write(key, "short").unwrap();
    let new = format!("{out}-2");
    let refused = run(&["deidentify", &films, "--out", &new, "--project-key", key]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("64 hexadecimal digits"), "{said}");
}

#[test]
fn regions_from_a_file_are_covered() {
    let folder = tempfile::tempdir().unwrap();
    // The demo's films say that text is burned in.
    let films = folder.path().join("films");
    let films = films.to_str().unwrap();
    stdout(&run(&[
        "demo", "generate", "--count", "2", "--out", films, "--seed", "5",
    ]));
    std::fs::remove_file(Path::new(films).join("manifest.csv")).unwrap();
    let key = folder.path().join("key");
    let key = key.to_str().unwrap();
    let out = folder.path().join("refused");
    let refused = run(&[
        "deidentify",
        films,
        "--out",
        out.to_str().unwrap(),
        "--project-key",
        key,
    ]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains("burned into the image") && report(&out).is_empty(),
        "{said}"
    );
    let rules = folder.path().join("blackout.toml");
    std::fs::write(
        &rules,
        "[[rule]]\nmodality = \"DX\"\nregions = [{ x = 0, y = 0, width = 16, height = 16 }]\n",
    )
    .unwrap();
    let out = folder.path().join("out");
    stdout(&run(&[
        "deidentify",
        films,
        "--out",
        out.to_str().unwrap(),
        "--project-key",
        key,
        "--blackout",
        rules.to_str().unwrap(),
    ]));
    for row in report(&out) {
        let bytes = std::fs::read(out.join(row["copy"].as_str().unwrap())).unwrap();
        let imaging::Raster::Grey(grey) = imaging::decode(&bytes, 0, &Limits::default()).unwrap()
        else {
            panic!("the films are grey")
        };
        let black = grey.samples.get(0).unwrap();
        let covered = (0..256_usize).map(|at| (at / 16) * grey.width as usize + at % 16);
        assert!(
            covered
                .clone()
                .all(|at| grey.samples.get(at) == Some(black))
        );
        assert!(
            row["changes"]
                .as_array()
                .unwrap()
                .iter()
                .any(|change| change["deed"] == "blacked_out"),
            "{row}"
        );
    }
}
