//! Finding and loading the ONNX Runtime library.

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{EngineError, guarded};

/// The library in use; a process has at most one.
static LOADED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Loads the ONNX Runtime library once for the process: `wanted`, or the first usable of
/// [`candidates`]. Later calls give the library that is in use.
///
/// # Errors
/// [`EngineError::NoLibrary`] with what was tried.
pub fn load(wanted: Option<&Path>) -> Result<PathBuf, EngineError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = &*loaded {
        return Ok(path.clone());
    }
    let paths = wanted.map_or_else(candidates, |path| vec![path.to_owned()]);
    let mut tried = Vec::new();
    for path in paths {
        match try_load(&path) {
            Ok(()) => {
                *loaded = Some(path.clone());
                return Ok(path);
            }
            Err(message) => {
                tracing::warn!(library = %path.display(), %message, "an ONNX Runtime library is not usable");
                tried.push(message);
            }
        }
    }
    let tried = if tried.is_empty() {
        "none found".to_owned()
    } else {
        tried.join("; ")
    };
    Err(EngineError::NoLibrary { tried })
}

fn try_load(path: &Path) -> Result<(), String> {
    guarded(|| {
        // Checks the library's version: 1.17 or newer.
        let environment = ort::init_from(path).map_err(|error| error.to_string())?;
        environment
            .with_name("medical-portal")
            .with_telemetry(false)
            .commit();
        // The first call into the library; a library without the wanted API panics here.
        tracing::debug!(build = ort::info(), "ONNX Runtime library loaded");
        Ok(())
    })
}

/// Library files to try, best first: `ORT_DYLIB_PATH`; beside the executable and in its `../lib`;
/// `/usr/lib/medical-portal`, `/usr/local/lib`, the distribution's library folder; what
/// `scripts/install-onnxruntime` installed for this user. Only files that exist are named,
/// except the one the variable names, so that a mistake in it shows.
#[must_use]
pub fn candidates() -> Vec<PathBuf> {
    let named = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
    let folders = folders();
    named
        .map(PathBuf::from)
        .into_iter()
        .chain(folders.iter().filter_map(|folder| newest_in(folder)))
        .collect()
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(here) = env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_owned))
    {
        folders.push(here.join("../lib"));
        folders.insert(0, here);
    }
    for folder in [
        "/usr/lib/medical-portal",
        "/usr/local/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/opt/homebrew/lib",
    ] {
        folders.push(folder.into());
    }
    let data = env::var_os("XDG_DATA_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".local/share")));
    folders.extend(data.map(|data| data.join("medical-portal/onnxruntime")));
    folders
}

/// The library with the highest version in a folder; one without a version comes first.
fn newest_in(folder: &Path) -> Option<PathBuf> {
    let names = std::fs::read_dir(folder).ok()?;
    names
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = version_of(entry.file_name().to_str()?)?;
            Some((version, entry.path()))
        })
        .max()
        .map(|(_, path)| path)
}

/// The version in a library's file name: `libonnxruntime.so.1.32.0` has `[1, 32, 0]`; a plain
/// `libonnxruntime.so` counts as newest, because whoever put it there meant it.
fn version_of(name: &str) -> Option<Vec<u32>> {
    let numbers = match name {
        "libonnxruntime.so" | "libonnxruntime.dylib" | "onnxruntime.dll" => {
            return Some(vec![u32::MAX]);
        }
        _ => name
            .strip_prefix("libonnxruntime.so.")
            .or_else(|| name.strip_prefix("libonnxruntime.")?.strip_suffix(".dylib"))?,
    };
    numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_library_of_a_folder_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1.32.0",
            "libonnxruntime.so.1.4.9",
            "libonnxruntime_providers_shared.so",
            "libonnxruntime.so.txt",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = newest_in(folder.path()).unwrap();
        assert_eq!(found.file_name().unwrap(), "libonnxruntime.so.1.32.0");
        std::fs::write(folder.path().join("libonnxruntime.so"), "").unwrap();
        let found = newest_in(folder.path()).unwrap();
        assert_eq!(found.file_name().unwrap(), "libonnxruntime.so");
        assert_eq!(
            version_of("libonnxruntime.1.20.1.dylib"),
            Some(vec![1, 20, 1])
        );
        assert!(newest_in(Path::new("/nonexistent")).is_none());
    }
}
