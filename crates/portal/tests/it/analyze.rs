//! `analyze`, `demo generate`, `model evaluate`: without server or database.

use serde_json::Value;
use testkit::{chest_film, shared_folder};

use crate::support::{run, stdout};

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&run(arguments))).unwrap()
}

#[test]
fn drawn_films_are_scored_and_the_two_classes_differ() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    assert!(
        stdout(&run(&[
            "demo", "generate", "--count", "24", "--out", out, "--seed", "5"
        ]))
        .contains("24 films")
    );
    let manifest = folder.path().join("manifest.csv");
    let figures = json(&[
        "model",
        "evaluate",
        "--manifest",
        manifest.to_str().unwrap(),
        "--images",
        out,
        "--json",
    ]);
    assert_eq!(figures["images"], 24);
    assert!(figures["auroc"].as_f64().unwrap() > 0.9, "{figures}");
    let mut films: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|file| file.path())
        .collect();
    films.retain(|path| path.extension().is_some_and(|ending| ending == "dcm"));
    films.sort();
    let result = json(&[
        "analyze",
        "--json",
        films[0].to_str().unwrap(),
        films[1].to_str().unwrap(),
    ]);
    for film in result.as_array().unwrap() {
        assert_eq!(film["outcome"], "scored", "{film}");
        let sum: f64 = ["low", "medium", "high"]
            .iter()
            .map(|class| film["probabilities"][class].as_f64().unwrap())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
    let table = stdout(&run(&["analyze", films[0].to_str().unwrap()]));
    assert!(
        table.contains("Decision support, not a diagnosis"),
        "{table}"
    );
}

#[test]
fn what_may_not_be_judged_is_said_and_what_is_no_image_fails() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.png");
    std::fs::write(&odd, chest_film(1, 200)).unwrap();
    let result = json(&["analyze", "--json", odd.to_str().unwrap()]);
    assert_eq!(
        (&result[0]["outcome"], &result[0]["risk"]),
        (&Value::from("not_assessed"), &Value::Null)
    );
    let text = folder.path().join("text.png");
    std::fs::write(&text, "no image").unwrap();
    let output = run(&[
        "analyze",
        "--json",
        odd.to_str().unwrap(),
        text.to_str().unwrap(),
        "/no/such/file",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&result[1]["outcome"], &result[2]["outcome"]),
        (&Value::from("error"), &Value::from("error"))
    );
}

/// Every real file ends in a score, a reason or a refusal; none in "low" without a film behind it.
#[test]
fn the_real_collection_never_ends_in_low() {
    let Some(folder) = shared_folder("dicom") else {
        return;
    };
    let files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|file| file.path().display().to_string())
        .filter(|path| path.ends_with(".dcm"))
        .collect();
    let mut arguments = vec!["analyze", "--json"];
    arguments.extend(files.iter().map(String::as_str));
    let output = run(&arguments);
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(results.as_array().unwrap().len(), files.len());
    let low: Vec<&Value> = results
        .as_array()
        .unwrap()
        .iter()
        .filter(|film| film["risk"] == "low")
        .collect();
    assert!(
        low.is_empty(),
        "nothing in the collection is a film of a child: {low:?}"
    );
}
