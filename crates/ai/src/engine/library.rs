//! Finding and loading the ONNX Runtime library.
//!
//! A process gets one try. `ort` 2.0.0-rc.13 keeps its library in a slot that counts as filled after
//! a failed load, and a second try would read what was never written there
//! (`src/util/once_lock_std.rs`). So every candidate is first looked at from outside, and after a
//! failed load `ort` is never called again.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use object::Object;

use super::{EngineError, guarded};

/// Oldest ONNX Runtime whose interface is understood: 1.17.
const OLDEST_MINOR: u32 = 17;
/// The function every ONNX Runtime library has.
const ENTRY: &[u8] = b"OrtGetApiBase";

enum State {
    Untried,
    Loaded(PathBuf),
    Failed(String),
}

/// The library of this process.
static STATE: Mutex<State> = Mutex::new(State::Untried);

/// Loads the ONNX Runtime library once for the process: `wanted`, or the first of [`candidates`]
/// that looks right. Later calls give the library that is in use.
///
/// # Errors
/// [`EngineError::NoLibrary`] with what was tried.
pub fn load(wanted: Option<&Path>) -> Result<PathBuf, EngineError> {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    if let State::Loaded(path) = &*state {
        return Ok(path.clone());
    }
    let paths = wanted.map_or_else(candidates, |path| vec![path.to_owned()]);
    let mut faults = Vec::new();
    for path in paths {
        if let Err(fault) = look_at(&path) {
            tracing::warn!(library = %path.display(), %fault, "not a usable ONNX Runtime library");
            faults.push(format!("{}: {fault}", path.display()));
            continue;
        }
        let outcome = match &*state {
            State::Failed(fault) => Err(fault.clone()),
            _ => try_load(&path),
        };
        match outcome {
            Ok(()) => {
                *state = State::Loaded(path.clone());
                return Ok(path);
            }
            Err(fault) => {
                *state = State::Failed(fault.clone());
                faults.push(fault);
                break;
            }
        }
    }
    if faults.is_empty() {
        faults.push("none found".to_owned());
    }
    Err(EngineError::NoLibrary {
        tried: faults.join("; "),
    })
}

/// Looks at a library file without loading it: is it a library for this processor that has the
/// entry, and not too old by its name (links followed)?
fn look_at(path: &Path) -> Result<(), String> {
    let real = fs::canonicalize(path).map_err(|error| error.to_string())?;
    let name = real.file_name().and_then(|name| name.to_str());
    if let Some([major, minor, ..]) = name.and_then(version_of).as_deref()
        && (*major, *minor) < (1, OLDEST_MINOR)
    {
        return Err(format!(
            "version {major}.{minor} is too old; 1.{OLDEST_MINOR} or newer is needed"
        ));
    }
    let bytes = fs::read(&real).map_err(|error| error.to_string())?;
    let library = object::File::parse(&*bytes).map_err(|_| "it is not a library".to_owned())?;
    let ours = match env::consts::ARCH {
        "x86_64" => Some(object::Architecture::X86_64),
        "aarch64" => Some(object::Architecture::Aarch64),
        _ => None,
    };
    if ours.is_some_and(|ours| ours != library.architecture()) {
        return Err(format!("it is made for {:?}", library.architecture()));
    }
    let mut exports = library.exports().map_err(|error| error.to_string())?;
    // Names carry a leading underscore on macOS.
    let is_entry = |export: object::Export<'_>| match export.name() {
        object::NameOrOrdinal::Name(name) => name.strip_prefix(b"_").unwrap_or(name) == ENTRY,
        object::NameOrOrdinal::Ordinal(_) => false,
    };
    if exports.any(|export| export.is_ok_and(is_entry)) {
        Ok(())
    } else {
        Err("it does not export OrtGetApiBase".to_owned())
    }
}

fn try_load(path: &Path) -> Result<(), String> {
    guarded(|| {
        // Asks the library for its version: 1.17 or newer.
        let environment = ort::init_from(path).map_err(|error| error.to_string())?;
        // The first call into the library, made before ort's environment is locked: a library
        // without the wanted interface panics here.
        tracing::debug!(build = ort::info(), "ONNX Runtime library loaded");
        environment
            .with_name("medical-portal")
            .with_telemetry(false)
            .commit();
        // Its own account of every graph it optimises is no news for the portal's log.
        ort::environment::Environment::current()
            .map_err(|error| error.to_string())?
            .set_log_level(ort::logging::LogLevel::Warning);
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
