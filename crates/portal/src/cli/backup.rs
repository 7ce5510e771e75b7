//! `medical-portal backup …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Back up database, images and models, whether the portal runs or not
    Create(CreateArgs),
    /// List the backups at a destination, newest last
    List(ListArgs),
    /// Restore a backup into a scratch cluster, compare every table, and read back every image
    Verify(VerifyArgs),
    /// Make a portal out of a backup, in an empty data folder or database
    Restore(RestoreArgs),
    /// Remove old backups, what cut-off ones left, and images that no backup names any more
    Prune(PruneArgs),
}

/// The key of the backups.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeyArgs {
    /// File of the backup key [default: /etc/medical-portal/backup.key for root,
    /// else ~/.config/medical-portal/backup.key]
    // The long name is the one of `serve`, so that both are one key of the configuration file.
    #[arg(
        long = "backup-key-file",
        visible_alias = "key-file",
        env = "PORTAL_BACKUP_KEY_FILE",
        value_name = "FILE"
    )]
    pub(crate) key_file: Option<PathBuf>,
}

/// Where the backups are.
#[derive(Debug, Clone, Args)]
pub(crate) struct FromArgs {
    /// Folder, or s3://BUCKET/PREFIX with credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) from: String,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Folder, or s3://BUCKET/PREFIX with credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Print JSON instead of a sentence
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) from: FromArgs,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Which backup, as `backup list` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) from: FromArgs,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Folder for the scratch cluster, with room for the database [default: the system's temporary
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Print JSON instead of a sentence
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Which backup, as `backup list` shows it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) from: FromArgs,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// As it was at this moment after the backup, such as 2026-11-24T14:30:00Z; needs the write-ahead
    /// log (setting backup.point_in_time)
    #[arg(long, value_name = "TIMESTAMP")]
    pub(crate) at: Option<chrono::DateTime<chrono::Utc>>,
    /// Move what is in the data folder or database aside
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) from: FromArgs,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Keep the newest backup of each of the last N days that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) keep_daily: u32,
    /// Keep the newest backup of each of the last N weeks that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) keep_weekly: u32,
    /// Keep the newest backup of each of the last N months that have one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) keep_monthly: u32,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON instead of sentences
    #[arg(long)]
    pub(crate) json: bool,
}
