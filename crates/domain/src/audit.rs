//! What is audited: the acts, what they were done to, and how they ended.

crate::text_enum! {
    /// An act that leaves a row in `audit_logs`.
    AuditAction("audit action") {
        /// Signed in, or tried to.
        SignIn = "sign_in",
        /// Signed out.
        SignOut = "sign_out",
        /// A patient opened an account.
        SignUp = "sign_up",
        /// A session was ended from another one.
        RevokeSession = "revoke_session",
        /// A token for a program was made.
        CreateToken = "create_token",
        /// A token of a program was revoked.
        RevokeToken = "revoke_token",
        /// A device was put on the list of those that may send films.
        AddDevice = "add_device",
        /// A device was taken off the list.
        RemoveDevice = "remove_device",
        /// The devices were listed.
        ListDevices = "list_devices",
        /// The tokens of programs were listed.
        ListTokens = "list_tokens",
        /// Proved anew who holds a session, or tried to.
        StepUp = "step_up",
        /// A second factor was set up, taken away or reset, or recovery codes were made.
        ChangeSecondFactor = "change_second_factor",
        /// A code for a new password was asked for or made, or used.
        ResetPassword = "reset_password",
        /// The owner of an address showed that mail arrives.
        VerifyAddress = "verify_address",
        /// Changed the own profile or password.
        UpdateProfile = "update_profile",
        /// Films were sent in.
        UploadReport = "upload_report",
        /// A list of reports was read.
        ListReports = "list_reports",
        /// A case was opened.
        ReadReport = "read_report",
        /// An image was fetched.
        ReadImage = "read_image",
        /// An analysis was read by itself.
        ReadAnalysis = "read_analysis",
        /// A new analysis was asked for.
        RequestAnalysis = "request_analysis",
        /// The analysis ended with a score.
        CompleteAnalysis = "complete_analysis",
        /// The analysis ended with "not assessed".
        DeclineAnalysis = "decline_analysis",
        /// The queue was read.
        ReadQueue = "read_queue",
        /// A case was claimed.
        ClaimReport = "claim_report",
        /// A claim was given back.
        UnclaimReport = "unclaim_report",
        /// What the doctor saw before the AI's verdict.
        RecordImpression = "record_impression",
        /// A draft was saved.
        SaveDraft = "save_draft",
        /// A review was signed.
        SignReview = "sign_review",
        /// A signed review got an addendum.
        AddAddendum = "add_addendum",
        /// Marks on the images were saved.
        SaveAnnotations = "save_annotations",
        /// A result was released to the patient.
        ReleaseReport = "release_report",
        /// Patients were searched.
        ListPatients = "list_patients",
        /// A patient record was made.
        CreatePatient = "create_patient",
        /// A medical history was read.
        ReadHistory = "read_history",
        /// A medical history was changed.
        UpdateHistory = "update_history",
        /// A patient proposed changes of the medical history, or took them back.
        ProposeHistory = "propose_history",
        /// Proposed changes were accepted or declined.
        DecideHistory = "decide_history",
        /// A patient record was corrected.
        UpdatePatient = "update_patient",
        /// An examination was ordered.
        CreateOrder = "create_order",
        /// What an order says was changed, or it was revoked.
        UpdateOrder = "update_order",
        /// A signed result was sent to another system.
        SendResult = "send_result",
        /// An archive was asked for earlier studies of a patient, or was told to send one.
        AskArchive = "ask_archive",
        /// A system was let in that sends orders, or one was added that results are sent to.
        AddSystem = "add_system",
        /// Such a system was taken off the list.
        RemoveSystem = "remove_system",
        /// Such systems were listed.
        ListSystems = "list_systems",
        /// A patient was given a code for a first password.
        InvitePatient = "invite_patient",
        /// A patient chose a first password with such a code.
        AcceptInvitation = "accept_invitation",
        /// A doctor confirmed whose film it is, against its header.
        ConfirmIdentity = "confirm_identity",
        /// The list of who looked at one's record was read.
        ReadAccesses = "read_accesses",
        /// Accounts were listed.
        ListUsers = "list_users",
        /// An account was made.
        CreateUser = "create_user",
        /// An account was changed.
        UpdateUser = "update_user",
        /// A setting was changed.
        UpdateSetting = "update_setting",
        /// A model was registered.
        ImportModel = "import_model",
        /// A model was put to work.
        ActivateModel = "activate_model",
        /// A model was to score silently, no longer, was suspended, resumed, retired or put back to work.
        ChangeModelStage = "change_model_stage",
        /// Somebody asked to put a model to work.
        RequestPromotion = "request_promotion",
        /// A second person decided on it, or whoever asked took it back.
        DecidePromotion = "decide_promotion",
        /// A model was recalibrated on local cases.
        RecalibrateModel = "recalibrate_model",
        /// Reviewed cases were exported without identities, for training.
        ExportTrainingSet = "export_training_set",
        /// An alarm about a model was raised or taken note of.
        ModelAlarm = "model_alarm",
        /// The audit trail was read.
        ReadAudit = "read_audit",
        /// A dead job was sent back to the queue.
        RetryJob = "retry_job",
        /// A month of the trail was moved into a file.
        ArchiveAudit = "archive_audit",
        /// The trail was written into a file, or sent away.
        ExportAudit = "export_audit",
        /// The keys of stored images and secrets, or of the trail's seals, were changed.
        ChangeKeys = "change_keys",
        /// A backup was made, or could not be.
        CreateBackup = "create_backup",
        /// A backup was restored into a scratch cluster and compared.
        VerifyBackup = "verify_backup",
        /// This portal was restored from a backup.
        RestoreBackup = "restore_backup",
        /// A record was opened in an emergency.
        OpenEmergencyAccess = "open_emergency_access",
        /// Such an access was ended before its time.
        EndEmergencyAccess = "end_emergency_access",
        /// A record that was opened in an emergency was read.
        ReadEmergencyRecord = "read_emergency_record",
        /// A privacy officer reviewed such an access.
        ReviewEmergencyAccess = "review_emergency_access",
        /// Accesses in emergencies were listed.
        ListEmergencyAccesses = "list_emergency_accesses",
        /// A privacy officer looked a patient up.
        FindPatient = "find_patient",
        /// Everything about one patient was taken away.
        ExportRecord = "export_record",
        /// A correction was asked for, or the request taken back.
        RequestCorrection = "request_correction",
        /// A correction was accepted or refused.
        DecideCorrection = "decide_correction",
        /// A patient disagreed with a refusal.
        DisagreeWithCorrection = "disagree_with_correction",
        /// Requests for correction were read.
        ListCorrections = "list_corrections",
        /// A consent was given or withdrawn.
        RecordConsent = "record_consent",
        /// Consents were read.
        ListConsents = "list_consents",
        /// Legal holds were listed.
        ListLegalHolds = "list_legal_holds",
        /// A record was held.
        SetLegalHold = "set_legal_hold",
        /// A hold was lifted.
        LiftLegalHold = "lift_legal_hold",
        /// Erasures were listed.
        ListErasures = "list_erasures",
        /// The erasure of a patient was asked for, or the request taken back.
        RequestErasure = "request_erasure",
        /// A patient was erased, as a second officer confirmed.
        ErasePatient = "erase_patient",
        /// A report beyond its term was removed.
        RemoveReport = "remove_report",
        /// The account of a patient without reports was pseudonymised after its term.
        RetireAccount = "retire_account",
        /// The film of a removed report was removed from the store.
        RemoveFilm = "remove_film",
        /// A case changed: its digest, written by the database itself.
        NoteContent = "note_content",
        /// Something was refused for want of permission.
        Refuse = "refuse",
    }
}

crate::text_enum! {
    /// What an act was done to.
    EntityType("entity type") {
        /// A user account.
        User = "user",
        /// A session.
        Session = "session",
        /// A token of a program.
        Token = "token",
        /// A patient.
        Patient = "patient",
        /// A report and what hangs on it.
        Report = "report",
        /// A medical history.
        History = "history",
        /// A notification.
        Notification = "notification",
        /// A model.
        Model = "model",
        /// A setting.
        Setting = "setting",
        /// A job.
        Job = "job",
        /// The queue as a whole.
        Queue = "queue",
        /// The audit trail itself.
        Audit = "audit",
        /// A backup.
        Backup = "backup",
        /// A key; named, never shown.
        Key = "key",
        /// A file on its way in.
        Upload = "upload",
        /// An access in an emergency.
        Emergency = "emergency",
        /// A path of the API.
        Path = "path",
        /// What a case says.
        Content = "content",
    }
}

crate::text_enum! {
    /// How an act ended.
    AuditStatus("audit status") {
        /// As wanted.
        Success = "success",
        /// It was allowed but did not work.
        Failure = "failure",
        /// It was not allowed.
        Denied = "denied",
    }
}

crate::text_enum! {
    /// The form of an export of the audit trail.
    AuditFormat ("a form of the audit trail") {
        /// Seals, each before its rows, as lines of JSON: what proves itself offline.
        Jsonl = "jsonl",
        /// A head and a line a row, fields as RFC 4180 has them.
        Csv = "csv",
        /// FHIR R4 `AuditEvent`, a JSON object a line.
        Fhir = "fhir",
        /// DICOM PS3.15 A.5 audit messages, an XML document a line.
        Dicom = "dicom",
    }
}
