//! What the portal's acts are in the words of DICOM (PS3.16, context group 400), which FHIR uses too.

use domain::audit::AuditAction;

/// A code of the DICOM vocabulary.
pub(super) struct Code {
    pub(super) code: &'static str,
    pub(super) meaning: &'static str,
}

/// What kind of event an act is, and whether it creates, reads, updates, deletes or executes.
pub(super) fn of(action: &str) -> (Code, char) {
    use AuditAction as A;
    let code = |code, meaning, kind| (Code { code, meaning }, kind);
    let Ok(action) = action.parse::<A>() else {
        return code("110100", "Application Activity", 'E');
    };
    match action {
        A::SignIn | A::SignOut | A::RevokeSession => code("110114", "User Authentication", 'E'),
        A::UploadReport => code("110107", "Import", 'C'),
        A::ReadImage => code("110103", "DICOM Instances Accessed", 'R'),
        A::ListReports
        | A::ReadQueue
        | A::ListPatients
        | A::ListUsers
        | A::FindPatient
        | A::AskArchive
        | A::ListCorrections => code("110112", "Query", 'E'),
        A::ReadAudit | A::ReadAccesses => code("110101", "Audit Log Used", 'R'),
        A::ExportAudit
        | A::ArchiveAudit
        | A::ExportTrainingSet
        | A::ExportRecord
        | A::CreateBackup => code("110106", "Export", 'R'),
        A::Refuse => code("110113", "Security Alert", 'E'),
        A::OpenEmergencyAccess => code("110127", "Emergency Override Started", 'E'),
        A::EndEmergencyAccess => code("110138", "Emergency Override Stopped", 'E'),
        A::ReadReport
        | A::ReadAnalysis
        | A::ReadHistory
        | A::ReadEmergencyRecord
        | A::ListConsents => code("110110", "Patient Record", 'R'),
        A::SendResult => code("110106", "Export", 'R'),
        A::CreateOrder => code("110109", "Order Record", 'C'),
        A::UpdateOrder => code("110109", "Order Record", 'U'),
        A::CreatePatient
        | A::ProposeHistory
        | A::AddAddendum
        | A::RequestCorrection
        | A::DisagreeWithCorrection
        | A::RecordConsent => code("110110", "Patient Record", 'C'),
        A::ClaimReport
        | A::UnclaimReport
        | A::RecordImpression
        | A::SaveDraft
        | A::SignReview
        | A::SaveAnnotations
        | A::ReleaseReport
        | A::UpdateHistory
        | A::DecideHistory
        | A::DecideCorrection
        | A::UpdatePatient
        | A::ConfirmIdentity
        | A::RequestAnalysis
        | A::CompleteAnalysis
        | A::DeclineAnalysis => code("110110", "Patient Record", 'U'),
        // New acts come out as what the application did, until somebody says better.
        _ => code("110100", "Application Activity", 'E'),
    }
}

/// How it ended: success, minor failure (it did not work), serious failure (it was not allowed).
pub(super) fn outcome(status: &str) -> &'static str {
    match status {
        "success" => "0",
        "denied" => "8",
        _ => "4",
    }
}
