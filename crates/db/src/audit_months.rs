//! The months of the audit trail as the owner sees them: read whole, and taken out of the database once
//! they are archived.

use chrono::{DateTime, Utc};
use domain::{
    AuditLogId,
    audit::{AuditAction, AuditStatus, EntityType},
};
use futures::{Stream, StreamExt};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{DatabaseOptions, DbError, audit_seals::ArchiveRow, error::During};

/// A connection of the owner's.
#[derive(Debug)]
pub struct AuditMonths {
    connection: PgConnection,
}

impl AuditMonths {
    /// Connects as the owner.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(owner: &DatabaseOptions) -> Result<Self, DbError> {
        let mut connection = PgConnection::connect_with(&owner.connect_options()?)
            .await
            .during("connect to the database to archive the audit trail")?;
        connection
            .execute("SET ROLE portal_owner; SET lock_timeout = '5s'; SET TIME ZONE 'UTC'")
            .await
            .during("become the owner")?;
        Ok(Self { connection })
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the server does not hear it.
    pub async fn close(self) -> Result<(), DbError> {
        self.connection.close().await.during("close the connection")
    }

    /// The partitions of months that ended `keep_months` or more before this one, oldest first. The
    /// default partition is never among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn older_than(&mut self, keep_months: u32) -> Result<Vec<String>, DbError> {
        sqlx::query_scalar!(
            r#"SELECT c.relname::text AS "name!"
               FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'public.audit_logs'::regclass AND c.relname ~ '^audit_logs_\d{4}_\d{2}$'
                 AND to_date(right(c.relname, 7), 'YYYY_MM')
                     < date_trunc('month', now()) - make_interval(months => $1)
               ORDER BY c.relname"#,
            i32::try_from(keep_months).unwrap_or(i32::MAX)
        )
        .fetch_all(&mut self.connection)
        .await
        .during("list the months to be archived")
    }

    /// Every row of a partition of [`AuditMonths::older_than`], in the order in which they were written.
    pub fn rows(&mut self, partition: &str) -> impl Stream<Item = Result<Value, DbError>> + Unpin {
        let statement =
            format!("SELECT to_jsonb(a) FROM portal.{partition} a ORDER BY a.created_at, a.log_id");
        sqlx::query_scalar(AssertSqlSafe(statement))
            .fetch(&mut self.connection)
            .map(|row| row.during("read a month of the audit trail"))
            .boxed()
    }

    /// The first moment of a partition of [`AuditMonths::older_than`], and the one after its last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bounds(
        &mut self,
        partition: &str,
    ) -> Result<(DateTime<Utc>, DateTime<Utc>), DbError> {
        let row = sqlx::query!(
            r#"SELECT to_date(right($1, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS "from!",
                      (to_date(right($1, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' AS "until!""#,
            partition
        )
        .fetch_one(&mut self.connection)
        .await
        .during("ask for a month's bounds")?;
        Ok((row.from, row.until))
    }

    /// The server's time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&mut self) -> Result<DateTime<Utc>, DbError> {
        sqlx::query_scalar("SELECT now()")
            .fetch_one(&mut self.connection)
            .await
            .during("ask for the time")
    }

    /// Takes a partition out of the database, if it still holds as many rows as were archived, and notes it, signed, and
    /// that in the trail.
    ///
    /// # Errors
    /// When the database does not answer or the number of rows differs; then nothing is changed.
    pub async fn remove(&mut self, archive: &ArchiveRow) -> Result<(), DbError> {
        let partition = &archive.partition;
        let mut transaction = self
            .connection
            .begin()
            .await
            .during("take a month out of the audit trail")?;
        transaction
            .execute(AssertSqlSafe(format!(
                "LOCK TABLE portal.{partition} IN ACCESS EXCLUSIVE MODE"
            )))
            .await
            .during("hold a month of the audit trail")?;
        let there: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT count(*) FROM portal.{partition}"
        )))
        .fetch_one(&mut *transaction)
        .await
        .during("count a month of the audit trail")?;
        if there != archive.row_count {
            return Err(DbError::Migration(format!(
                "{partition} has {there} rows and {} were archived: run it again",
                archive.row_count
            )));
        }
        transaction
            .execute(AssertSqlSafe(format!(
                "ALTER TABLE public.audit_logs DETACH PARTITION portal.{partition}; DROP TABLE portal.{partition}"
            )))
            .await
            .during("take a month out of the audit trail")?;
        sqlx::query!(
            "INSERT INTO portal.audit_archives (partition, from_at, until_at, row_count, chain, key_id, signature)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            archive.partition,
            archive.from_at,
            archive.until_at,
            archive.row_count,
            archive.chain,
            archive.key_id,
            archive.signature
        )
        .execute(&mut *transaction)
        .await
        .during("note that a month was archived")?;
        let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()")
            .fetch_one(&mut *transaction)
            .await
            .during("ask for the time")?;
        sqlx::query(
            "INSERT INTO public.audit_logs (log_id, user_role, action, entity_type, new_values, status, created_at)
             VALUES ($1, 'command_line', $2, $3, $4, $5, $6)",
        )
        .bind(AuditLogId::new_at(now).0)
        .bind(AuditAction::ArchiveAudit.as_str())
        .bind(EntityType::Audit.as_str())
        .bind(json!({ "partition": partition, "rows": archive.row_count, "chain": hex::encode(&archive.chain) }))
        .bind(AuditStatus::Success.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await
        .during("note the archive in the audit trail")?;
        transaction
            .commit()
            .await
            .during("take a month out of the audit trail")
    }
}
