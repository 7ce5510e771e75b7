//! Words of backups.

crate::text_enum! {
    /// What a run did.
    BackupKind("kind of backup run") {
        /// Made a backup.
        Backup = "backup",
        /// Restored one into a scratch cluster and compared.
        Verification = "verification",
    }
}

crate::text_enum! {
    /// How a run ended.
    BackupOutcome("outcome of a backup run") {
        /// Not yet, or it was killed.
        Running = "running",
        /// As wanted.
        Succeeded = "succeeded",
        /// Not as wanted.
        Failed = "failed",
    }
}
