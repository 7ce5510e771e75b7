//! Stored values of DICOM files, for comparison with other readers: one line of JSON a frame, and the values as 32-bit
//! little endian in a file of the folder that the first argument names.

use std::{error::Error, path::PathBuf};

use imaging::{DicomFile, Limits, Raster, decode_dicom};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let limits = Limits::default();
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("samples FOLDER FILE...")?);
    for (number, path) in arguments.enumerate() {
        let bytes = std::fs::read(&path)?;
        let file = match DicomFile::open(&bytes, &limits) {
            Ok(file) => file,
            Err(error) => {
                println!("{}", json!({ "file": path, "refused": error.to_string() }));
                continue;
            }
        };
        let frames = file.header().number_of_frames.min(8);
        for frame in 0..frames {
            let line = match decode_dicom(&file, frame, &limits) {
                Ok(raster) => {
                    let name = format!("{number}-{frame}");
                    std::fs::write(folder.join(&name), values(&raster))?;
                    let colour = matches!(raster, Raster::Rgb8(_));
                    json!({ "file": path, "frame": frame, "columns": raster.width(), "rows": raster.height(), "colour": colour, "values": name })
                }
                Err(error) => json!({ "file": path, "frame": frame, "refused": error.to_string() }),
            };
            println!("{line}");
        }
    }
    Ok(())
}

/// All values as 32-bit little endian; unsigned ones of 32 bits wrap.
fn values(raster: &Raster) -> Vec<u8> {
    match raster {
        Raster::Rgb8(rgb) => rgb
            .pixels
            .iter()
            .flat_map(|value| i32::from(*value).to_le_bytes())
            .collect(),
        Raster::Grey(grey) => (0..grey.samples.len())
            .flat_map(|at| (grey.samples.get(at).unwrap_or_default() as i32).to_le_bytes())
            .collect(),
    }
}
