//! What the tests of this crate share.
#![allow(dead_code)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ai::{Model, Package, engine};

/// Folder of the packages made for the tests.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The bundled package, once it is there.
pub(crate) fn bundled() -> Option<Package> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/chest-paediatric");
    if !folder.join("model.onnx").exists() {
        eprintln!("skipped: the bundled model package is not there");
        return None;
    }
    Some(Package::open(&folder).expect("the bundled package opens"))
}

/// One of the packages made for the tests.
pub(crate) fn package(name: &str) -> Package {
    Package::open(&data().join(name)).expect("the test package opens")
}

/// Engines that can be tested here; says so when ONNX Runtime is absent.
pub(crate) fn engines() -> Vec<ai::EnginePreference> {
    let mut engines = vec![ai::EnginePreference::BuiltIn];
    match engine::load_library(None) {
        Ok(_) => engines.push(ai::EnginePreference::OnnxRuntime),
        Err(error) => eprintln!("ONNX Runtime is left out: {error}"),
    }
    engines
}

/// A test package in every engine that is here.
pub(crate) fn models(package: &Package) -> Vec<Model> {
    engines()
        .into_iter()
        .map(|engine| Model::load(package, engine).expect("the package loads"))
        .collect()
}

/// A copy of the test package `binary` with some of its files replaced.
pub(crate) fn altered(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(data().join("binary")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// A copy of the test package `binary` with the model of `refused/NAME.onnx`.
pub(crate) fn with_model(name: &str) -> tempfile::TempDir {
    let bytes = fs::read(data().join(format!("refused/{name}.onnx"))).unwrap();
    altered(&[("model.onnx", &bytes)])
}
