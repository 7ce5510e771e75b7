//! What is known about a case besides its pixels.

/// What the DICOM header or the person at upload said. Missing values refuse nothing; the checks
/// on the picture then decide alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseContext {
    /// Age of the patient at the time of the film, in years.
    pub age_years: Option<f64>,
    /// DICOM Modality (0008,0060), such as `DX`.
    pub modality: Option<String>,
    /// DICOM Body Part Examined (0018,0015), such as `CHEST`.
    pub body_part: Option<String>,
    /// DICOM View Position (0018,5101), such as `PA`.
    pub view_position: Option<String>,
}
