//! The report's life, and what images it may hold.

crate::text_enum! {
    /// Where a report stands. It only moves forward.
    ReportStatus("report status") {
        /// Stored; the analysis waits.
        Pending = "pending",
        /// A worker has it.
        Analyzing = "analyzing",
        /// In the queue, scored or "not assessed".
        Analyzed = "analyzed",
        /// A doctor has signed.
        Reviewed = "reviewed",
    }
}

/// What can happen to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportEvent {
    /// A worker took the analysis job.
    AnalysisStarted,
    /// The analysis ended, with a score or with "not assessed".
    AnalysisEnded,
    /// Somebody asked for a new analysis, or further images of the study arrived.
    AnalysisRequested,
    /// A doctor signed a review.
    ReviewSigned,
}

/// An event that does not fit the status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a report that is {status} does not allow {event:?}")]
pub struct TransitionRefused {
    /// The status that the report has.
    pub status: ReportStatus,
    /// What was wanted of it.
    pub event: ReportEvent,
}

impl ReportStatus {
    /// The one transition function.
    ///
    /// A case that nobody analysed may still be signed: a human who has read the film is never
    /// made to wait for the machine. And a report that is in the queue stays there while it is
    /// analysed anew, so that a worker which is away hides no case.
    ///
    /// # Errors
    /// When the event does not fit, which leaves the report as it is.
    pub fn after(self, event: ReportEvent) -> Result<Self, TransitionRefused> {
        use ReportEvent::{AnalysisEnded, AnalysisRequested, AnalysisStarted, ReviewSigned};
        match (self, event) {
            (Self::Pending | Self::Analyzing, AnalysisStarted) => Ok(Self::Analyzing),
            (Self::Pending | Self::Analyzing | Self::Analyzed, AnalysisEnded)
            | (Self::Analyzed, AnalysisStarted) => Ok(Self::Analyzed),
            (Self::Pending | Self::Analyzing | Self::Analyzed, AnalysisRequested) => Ok(self),
            (Self::Pending | Self::Analyzing | Self::Analyzed, ReviewSigned) => Ok(Self::Reviewed),
            (status, event) => Err(TransitionRefused { status, event }),
        }
    }
}

crate::text_enum! {
    /// What kind of picture it is.
    ImageType("image type") {
        /// A projection radiograph.
        Xray = "xray",
        /// A slice or volume of computed tomography.
        CtScan = "ct_scan",
        /// Magnetic resonance.
        Mri = "mri",
    }
}

impl ImageType {
    /// The kind for a DICOM modality (PS3.3 C.7.3.1.1.1); every other modality counts as X-ray
    /// and is stopped by the gate, not here.
    #[must_use]
    pub fn of_modality(modality: &str) -> Self {
        match modality.trim() {
            "CT" => Self::CtScan,
            "MR" => Self::Mri,
            _ => Self::Xray,
        }
    }
}

crate::text_enum! {
    /// How the picture came.
    ImageFormat("image format") {
        /// DICOM Part 10, or a bare data set.
        Dicom = "DICOM",
        /// PNG (ISO/IEC 15948).
        Png = "PNG",
        /// JPEG (ITU T.81).
        Jpeg = "JPEG",
    }
}

impl ImageFormat {
    /// The media type under which the original is served.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Dicom => "application/dicom",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// The ending of a file of this format.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Dicom => "dcm",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewed_report_never_changes_and_a_queued_one_never_leaves_the_queue_unread() {
        use ReportEvent::*;
        let events = [
            AnalysisStarted,
            AnalysisEnded,
            AnalysisRequested,
            ReviewSigned,
        ];
        for event in events {
            assert!(ReportStatus::Reviewed.after(event).is_err(), "{event:?}");
            if event != ReviewSigned {
                assert_eq!(
                    ReportStatus::Analyzed.after(event),
                    Ok(ReportStatus::Analyzed)
                );
            }
        }
        assert_eq!(
            ReportStatus::Pending.after(AnalysisStarted),
            Ok(ReportStatus::Analyzing)
        );
        assert_eq!(
            ReportStatus::Analyzing.after(AnalysisEnded),
            Ok(ReportStatus::Analyzed)
        );
        assert_eq!(
            ReportStatus::Analyzed.after(ReviewSigned),
            Ok(ReportStatus::Reviewed)
        );
    }
}
