//! Who may do what: one table of permissions by role. The database's row-level security decides
//! which rows; this decides which acts.

use crate::Role;

/// An act that needs a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Send films in.
    UploadReports,
    /// List and open reports (rows limited by row-level security).
    ReadReports,
    /// Fetch signed results as objects for archives, which say what the doctor made of the AI.
    ReadResultObjects,
    /// Ask for a new analysis.
    RequestAnalysis,
    /// Read the priority queue, claim cases.
    ReadQueue,
    /// Write, sign and amend reviews; release results.
    ReviewReports,
    /// Find patients and make patient records.
    ManagePatients,
    /// Read a patient's medical history (the own one for a patient).
    ReadHistory,
    /// Change a patient's medical history.
    ChangeHistory,
    /// Propose changes of the own medical history.
    ProposeHistory,
    /// Accept or decline what a patient proposes.
    DecideHistory,
    /// See who looked at the own record.
    ReadAccesses,
    /// Create, change and deactivate accounts.
    ManageUsers,
    /// Read the model registry and its figures.
    ReadModels,
    /// Import, shadow, suspend, retire and recalibrate models, ask for a promotion, go back.
    ManageModels,
    /// Decide, as a second person, whether a model is put to work.
    DecidePromotions,
    /// Read and change settings.
    ManageSettings,
    /// Read the audit trail.
    ReadAudit,
    /// Open a patient's record in an emergency, for those who do not see it otherwise.
    OpenEmergencyAccess,
    /// See the own accesses in emergencies; privacy officers see and review all.
    SeeEmergencyAccesses,
    /// Take everything about one patient away: the own record, or as a privacy officer.
    ExportRecord,
    /// Ask for a correction: of the own record, or on a patient's behalf.
    RequestCorrection,
    /// Say something on the own record: disagree with a refused correction, take a request back.
    AnswerOwnCorrection,
    /// Decide on corrections: privacy officers, and doctors on clinical ones.
    DecideCorrection,
    /// Read and record consents: the own ones, or as a privacy officer.
    KeepConsents,
    /// What privacy officers do.
    KeepPrivacy,
    /// Read the job queue, send dead jobs back.
    ManageJobs,
}

impl Permission {
    /// The roles that hold this permission.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        use Role::{Doctor, Patient, Radiologist, Tech};
        match self {
            Self::UploadReports => &[Radiologist],
            Self::ReadReports => &[Patient, Radiologist, Doctor],
            Self::RequestAnalysis
            | Self::ManagePatients
            | Self::DecideHistory
            | Self::ReadResultObjects => &[Radiologist, Doctor],
            Self::ReadQueue | Self::ReviewReports | Self::ChangeHistory => &[Doctor],
            Self::ReadHistory => &[Patient, Radiologist, Doctor],
            Self::ReadAccesses | Self::ProposeHistory | Self::AnswerOwnCorrection => &[Patient],
            Self::ExportRecord | Self::RequestCorrection | Self::KeepConsents => {
                &[Patient, Radiologist, Doctor, Tech]
            }
            Self::OpenEmergencyAccess => &[Radiologist, Tech],
            Self::ReadModels
            | Self::SeeEmergencyAccesses
            | Self::DecideCorrection
            | Self::KeepPrivacy => &[Radiologist, Doctor, Tech],
            Self::DecidePromotions => &[Doctor, Tech],
            Self::ManageUsers
            | Self::ManageModels
            | Self::ManageSettings
            | Self::ReadAudit
            | Self::ManageJobs => &[Tech],
        }
    }

    /// Whether `role` holds it.
    #[must_use]
    pub fn allows(self, role: Role) -> bool {
        self.roles().contains(&role)
    }
}
