//! Synthetic films and demo cases, so that no patient's picture is in the project.
//!
//! Drawing is pure: a class and a seed decide a film ([`FilmModel`], [`Film`]), a patient and a time
//! make it a file ([`Study`]). Every film says that it is synthetic, in the picture and in the DICOM
//! header (ImageType DERIVED). Never train or judge a model on them.
//!
//! [`seed::fill`] makes an example portal of them, [`seed::arrive`] sends one more in.

mod film;
mod film_model;
mod generate;
pub mod hand;
mod mark;
mod patient;
mod randomness;
mod sample;
pub mod seed;
pub mod study;

pub use film::Film;
pub use film_model::{FilmClass, FilmModel, FilmModelError, GreyFilm};
pub use generate::{GenerateError, GenerateOptions, GeneratedFilm, MANIFEST, generate};
pub use mark::MARK;
pub use patient::{DemoPatient, FAMILY_NAME};
pub use sample::scored_film;
pub use study::{FileFormat, FilmFileError, MANUFACTURER, Storage, Study, View};
