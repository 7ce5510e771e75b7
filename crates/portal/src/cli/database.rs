//! `medical-portal db …`.

use clap::{Args, Subcommand};

use super::PlaceArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Make the roles and run the migrations that are missing
    Migrate {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Say which migrations have run
    Status {
        #[command(flatten)]
        place: PlaceArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    #[command(flatten)]
    Look(LookCommand),
    /// Clear dead rows and renew the planner's figures, table by table; the portal works on
    Vacuum(CareArgs),
    /// Renew the planner's figures, table by table
    Analyze(CareArgs),
    /// Make the indexes anew, table by table; writes to the table wait, unless --concurrently
    Reindex {
        #[command(flatten)]
        care: CareArgs,
        /// Beside the old ones, so that nobody waits; takes twice the room for a while
        #[arg(long)]
        concurrently: bool,
    },
    /// List the audit trail's partitions, a month each
    Partitions {
        #[command(flatten)]
        place: PlaceArgs,
        /// Make those of so many months ahead first
        #[arg(long, value_name = "MONTHS", value_parser = clap::value_parser!(i32).range(0..=24))]
        make_ahead: Option<i32>,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Drop everything the portal made in the database and build it anew, empty
    Reset {
        #[command(flatten)]
        place: PlaceArgs,
        /// Yes, every report, review and account is to be deleted
        #[arg(long)]
        yes_delete_everything: bool,
    },
    /// Load the development data of database/seeds into an empty portal
    Seed {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Print the whole schema, as in database/schema.sql
    Schema {
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// What only looks.
#[derive(Debug, Subcommand)]
pub(crate) enum LookCommand {
    /// Say how large the database is, and what of it
    Size(LookArgs),
    /// List the tables with rows, dead rows, size, and when they were last looked after
    Tables(LookArgs),
    /// List who is connected and what they do
    Connections(LookArgs),
    /// List the statements that cost the most time
    Slow(LookArgs),
    /// List who waits for whose lock
    Locks(LookArgs),
    /// Estimate how much room is taken by nothing
    Bloat(LookArgs),
    /// List the indexes: unused, broken, doubled, missing
    Indexes(LookArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CareArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Only this table, such as medical_reports or portal.jobs [default: every table]
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,
}
