//! The database as it is, on a real PostgreSQL: one test program, one cluster.

// Helpers of tests stop with the reason, as tests do.
#![allow(clippy::unwrap_used)]

mod access_matrix;
mod backups;
mod connection;
mod contract;
mod inspect;
mod jobs;
mod migration_rules;
mod migrations;
mod queue;
mod recovery;
mod row_security;
mod secrets;

/// Acts as a role and an account until the transaction ends.
async fn take_on(connection: &mut sqlx::PgConnection, role: &str, actor: &str) {
    sqlx::query("SELECT set_config('role', $1, true), set_config('portal.actor_id', $2, true)")
        .bind(format!("portal_{role}"))
        .bind(actor)
        .execute(connection)
        .await
        .unwrap();
}
