//! Models of other makers through the binary: one that comes in by its description, and some that do not.

use onnx_kit::{DenseNet, FREE, GraphWriter, MADE_UP_FIGURES, PackageWriter, Value};
use serde_json::{Value as Json, json};

use crate::support::{data_folder, run, stdout};

const EXAMPLE: &str = include_str!("../../../../models/examples/densenet121-torchxrayvision.toml");

fn listed(data: &str) -> Vec<String> {
    let models: Json = serde_json::from_str(&stdout(&run(&[
        "model",
        "list",
        "--json",
        "--data-dir",
        data,
    ])))
    .unwrap();
    let names = models.as_array().unwrap().iter();
    names
        .map(|model| model["model_name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_densenet_of_eighteen_findings_comes_in_by_its_description_and_scores_a_film() {
    let (data, package) = (data_folder(), tempfile::tempdir().unwrap());
    PackageWriter {
        model: DenseNet::default().to_bytes(),
        manifest: format!("{EXAMPLE}{MADE_UP_FIGURES}"),
    }
    .write(package.path())
    .unwrap();
    let (data, package) = (
        data.path().to_str().unwrap(),
        package.path().to_str().unwrap(),
    );
    let said = stdout(&run(&["model", "import", package, "--data-dir", data]));
    assert!(said.contains("no heatmap"), "{said}");
    assert!(said.contains("is registered and inactive"), "{said}");
    assert!(listed(data).contains(&"densenet121-torchxrayvision".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.png");
    std::fs::write(&film, testkit::chest_film(3, 300)).unwrap();
    let film = film.to_str().unwrap();
    let analyze = |more: &[&str]| -> Json {
        let arguments = [&["analyze", "--json", "--model", package, film], more].concat();
        let said = stdout(&run(&arguments));
        serde_json::from_str::<Json>(&said).unwrap()[0].clone()
    };
    let adult = analyze(&["--engine", "built-in", "--age", "44"]);
    assert_eq!(adult["outcome"], "scored", "{adult}");
    assert_eq!(adult["findings"].as_array().unwrap().len(), 18);
    let other = analyze(&["--age", "44"]);
    for finding in adult["findings"].as_array().unwrap() {
        let others = other["findings"].as_array().unwrap().iter();
        let same = others
            .clone()
            .find(|one| one["name"] == finding["name"])
            .unwrap();
        let gap = finding["probability"].as_f64().unwrap() - same["probability"].as_f64().unwrap();
        assert!(gap.abs() < 1e-3, "{finding} {same}");
    }
    // The description says adults.
    assert_eq!(analyze(&["--age", "4"])["code"], json!("outside_age_range"));
}

#[test]
fn models_that_hurt_never_reach_a_portal() {
    let data = data_folder();
    let data = data.path().to_str().unwrap();
    let mut bomb = GraphWriter::new();
    let image = bomb.input("image", &[FREE, 1, 32, 32]);
    let mut at = image;
    for _ in 0..4 {
        let times = bomb.ints(&[1, 1, 8, 8]);
        at = bomb.node("Tile", &[&at, &times], &[]);
    }
    let mean = bomb.node(
        "ReduceMean",
        &[&at],
        &[
            ("axes", Value::Ints(vec![1, 2, 3])),
            ("keepdims", Value::Int(0)),
        ],
    );
    let axis = bomb.ints(&[1]);
    bomb.node_as("logit", "Unsqueeze", &[&mean, &axis], &[]);
    bomb.output("logit", &[FREE, 1]);
    let good = onnx_kit::mean_grey(25.0);
    let golden = {
        let manifest = ai::Manifest::parse(&good.manifest).unwrap();
        good.golden(&manifest).unwrap()
    };
    for (model, wanted) in [
        (bomb.to_bytes(), "more memory than"),
        (
            good.model[..good.model.len() / 2].to_vec(),
            "cannot be read as ONNX",
        ),
    ] {
        let package = tempfile::tempdir().unwrap();
        let writer = PackageWriter {
            model,
            manifest: good.manifest.clone(),
        };
        writer.write_with(package.path(), &golden).unwrap();
        let output = run(&[
            "model",
            "import",
            package.path().to_str().unwrap(),
            "--data-dir",
            data,
        ]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains(wanted), "{said}");
    }
    let package = tempfile::tempdir().unwrap();
    good.write(package.path()).unwrap();
    stdout(&run(&[
        "model",
        "import",
        package.path().to_str().unwrap(),
        "--data-dir",
        data,
    ]));
    let names = listed(data);
    assert_eq!(
        names.iter().filter(|name| *name == "mean-grey").count(),
        1,
        "{names:?}"
    );
}
