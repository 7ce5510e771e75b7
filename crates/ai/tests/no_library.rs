//! Without a usable ONNX Runtime the built-in engine takes its place. A process of its own: a
//! library once loaded stays.
#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use ai::{EngineKind, EngineOptions, EnginePreference, Model, ModelError};

fn options(preference: EnginePreference, library: &Path) -> EngineOptions {
    EngineOptions {
        preference,
        library: Some(library.to_owned()),
        ..EngineOptions::default()
    }
}

/// The library is refused with `words`, and the fast preference falls back to the built-in engine.
fn falls_back(library: &Path, words: &str) {
    let package = support::package("binary");
    let error = Model::load(&package, options(EnginePreference::OnnxRuntime, library))
        .expect_err("the library must be refused");
    assert!(matches!(error, ModelError::Engine(_)), "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(
        error.to_string().contains("scripts/install-onnxruntime"),
        "{error}"
    );
    let model = Model::load(&package, options(EnginePreference::Fastest, library)).unwrap();
    assert_eq!(model.engine(), EngineKind::BuiltIn);
    model.verify_golden().unwrap();
}

/// What a library may look like and still be refused without being loaded. They stand before the
/// one below in one test, because a process has one try.
#[test]
fn unusable_libraries_fall_back() {
    let folder = tempfile::tempdir().unwrap();
    falls_back(
        Path::new("/nonexistent/libonnxruntime.so"),
        "/nonexistent/libonnxruntime.so",
    );
    let text = folder.path().join("libonnxruntime.so");
    std::fs::write(&text, "not a library").unwrap();
    falls_back(&text, "it is not a library");
    let by_name = folder.path().join("libonnxruntime.so.1.10.0");
    std::fs::write(&by_name, "").unwrap();
    falls_back(&by_name, "version 1.10 is too old");
    let Some(other) = compiled(
        &folder.path().join("other"),
        "int something(void) { return 1; }",
    ) else {
        return;
    };
    falls_back(&other, "does not export OrtGetApiBase");
    // Looks right from outside, and says its age only when asked. It is loaded, refused, and every
    // later try is refused with the same words instead of calling ort again.
    let old = r#"
        static const void *api(unsigned version) { (void)version; return 0; }
        static const char *version(void) { return "1.10.0"; }
        static const struct { const void *(*get)(unsigned); const char *(*version)(void); } base = {api, version};
        const void *OrtGetApiBase(void) { return &base; }
    "#;
    let old = compiled(&folder.path().join("old"), old).expect("it compiled before");
    for _ in 0..3 {
        falls_back(&old, "1.10.0");
    }
}

/// A shared library made from C; none without a compiler.
fn compiled(folder: &Path, source: &str) -> Option<PathBuf> {
    std::fs::create_dir(folder).unwrap();
    let (code, library) = (folder.join("fake.c"), folder.join("libonnxruntime.so"));
    std::fs::write(&code, source).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &code])
        .status();
    if built.is_ok_and(|status| status.success()) {
        Some(library)
    } else {
        eprintln!("skipped: there is no C compiler to make a library with");
        None
    }
}
