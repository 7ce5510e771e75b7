//! Facts of the server that a diagnosis needs.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Inspector;
use crate::{DbError, error::During};

/// Facts of the server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerFacts {
    /// Such as `15.18`.
    pub version: String,
    /// Such as 150018.
    pub version_number: i32,
    /// The server's clock.
    pub now: DateTime<Utc>,
    /// The server's time zone for new connections.
    pub time_zone: String,
    /// Whether what is committed survives a power cut.
    pub durable: bool,
    /// The settings that make it so, or not: `fsync=off` …
    pub durability: String,
    /// Whether this connection is over TLS; absent for a Unix socket.
    pub tls: Option<bool>,
    /// Whether pages carry checksums.
    pub page_checksums: bool,
    /// Whether this is a standby that takes no writes.
    pub in_recovery: bool,
    /// Seconds the slowest standby lags behind; absent when none follows.
    pub replication_lag_seconds: Option<f64>,
    /// Months of the audit trail from now on that have a partition.
    pub partitions_ahead: i64,
    /// Rows of the trail in the default partition, which lies outside every month.
    pub rows_outside_partitions: i64,
}

impl Inspector {
    /// Facts of the server.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn server(&mut self) -> Result<ServerFacts, DbError> {
        sqlx::query_as!(
            ServerFacts,
            r#"SELECT current_setting('server_version') AS "version!",
                      current_setting('server_version_num')::integer AS "version_number!",
                      clock_timestamp() AS "now!",
                      current_setting('TimeZone') AS "time_zone!",
                      (current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
                       AND current_setting('synchronous_commit') <> 'off') AS "durable!",
                      format('fsync=%s full_page_writes=%s synchronous_commit=%s', current_setting('fsync'),
                             current_setting('full_page_writes'), current_setting('synchronous_commit')) AS "durability!",
                      CASE WHEN inet_client_addr() IS NULL THEN NULL
                           ELSE (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) END AS tls,
                      current_setting('data_checksums') = 'on' AS "page_checksums!",
                      pg_is_in_recovery() AS "in_recovery!",
                      (SELECT max(extract(epoch FROM replay_lag))::float8 FROM pg_stat_replication) AS replication_lag_seconds,
                      (SELECT count(*) FROM generate_series(0, 2) m
                       WHERE to_regclass('portal.audit_logs_' || to_char(now() + make_interval(months => m), 'YYYY_MM')) IS NOT NULL)
                          AS "partitions_ahead!",
                      (SELECT count(*) FROM portal.audit_logs_default) AS "rows_outside_partitions!""#
        )
        .fetch_one(&mut self.connection)
        .await
        .during("ask for the server's facts")
    }
}
