//! `medical-portal deidentify`.

use std::path::PathBuf;

use clap::Args;

/// Which films are copied, and how.
#[derive(Debug, Args)]
pub(crate) struct DeidentifyArgs {
    /// DICOM files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Folder for the copies and the report of what was changed; it must be empty or not be there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// File with the project's secret, from which its pseudonyms are made; it is made when it is not there. Keep it as
    /// long as films are added to the project, and destroy it when nobody may find the patients again
    #[arg(long, value_name = "FILE")]
    pub(crate) project_key: PathBuf,
    /// Keep descriptions, reduced to words of anatomy and technique
    #[arg(long)]
    pub(crate) clean_descriptors: bool,
    /// Keep dates, moved by days that are the same for all films of a patient
    #[arg(long)]
    pub(crate) shift_dates: bool,
    /// Keep what identifies the device
    #[arg(long)]
    pub(crate) retain_device: bool,
    /// TOML file with regions of pixels to cover, by device
    #[arg(long, value_name = "FILE")]
    pub(crate) blackout: Option<PathBuf>,
}
