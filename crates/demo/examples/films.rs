//! Films into a folder: `cargo run --release -p demo --example films -- FOLDER COUNT SEED [dcm|png|jpg]`.

use std::error::Error;

use chrono::NaiveDate;
use demo::{FileFormat, FilmModel, GenerateOptions, generate};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, seed, rest @ ..] = arguments.as_slice() else {
        return Err("give FOLDER COUNT SEED [dcm|png|jpg]".into());
    };
    let format = match rest.first().map(String::as_str) {
        None | Some("dcm") => FileFormat::Dicom,
        Some("png") => FileFormat::Png,
        Some("jpg") => FileFormat::Jpeg,
        Some(other) => return Err(format!("{other} is neither dcm, png nor jpg").into()),
    };
    let options = GenerateOptions {
        count: count.parse()?,
        seed: seed.parse()?,
        format,
        until: NaiveDate::from_ymd_opt(2025, 1, 1).ok_or("no such day")?,
    };
    let films = generate(&FilmModel::load()?, &options, folder.as_ref(), |_| ())?;
    println!("{} films in {folder}", films.len());
    Ok(())
}
