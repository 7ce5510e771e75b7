//! Radiologists and doctors.

use chrono::{DateTime, Utc};
use domain::Role;
use sqlx::types::Uuid;

use super::Window;
use crate::{ActorKind, ActorTx, DbError, error::During};

/// Which of the staff.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Whose name each of these regular expressions finds.
    pub names: Option<Vec<String>>,
    /// Whose account may be used, or not.
    pub active: Option<bool>,
}

/// One of the staff.
#[derive(Debug)]
pub struct Row {
    /// Identifier.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Whether the account may be used.
    pub is_active: bool,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Finds radiologists and doctors; patients find the doctors who signed what they see. Staff is read as a whole: there
/// are as many as work here.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    let is_patient = matches!(
        tx.actor().kind,
        ActorKind::User {
            role: Role::Patient,
            ..
        }
    );
    let window = &filter.window;
    if is_patient {
        return sqlx::query_as!(
            Row,
            r#"SELECT d.id AS "id!", d.name AS "name!", true AS "is_active!", d.updated_at AS "updated_at!"
               FROM (SELECT v.doctor_id AS id, portal.staff_name(v.doctor_id) AS name, max(v.reviewed_at) AS updated_at
                     FROM doctor_reviews v WHERE v.reviewed_at IS NOT NULL GROUP BY v.doctor_id) d
               WHERE ($1::uuid[] IS NULL OR d.id = ANY($1))
                 AND ($2::timestamptz IS NULL OR d.updated_at >= $2) AND ($3::timestamptz IS NULL OR d.updated_at < $3)
                 AND ($4::uuid IS NULL OR d.id < $4)
                 AND ($6::text[] IS NULL OR d.name ~ ALL ($6)) AND ($7::boolean IS NULL OR $7)
               ORDER BY d.id DESC LIMIT $5"#,
            window.ids.as_deref(),
            window.updated.from,
            window.updated.until,
            window.after,
            window.limit,
            filter.names.as_deref(),
            filter.active
        )
        .fetch_all(tx.connection())
        .await
        .during("find the doctors of a record");
    }
    sqlx::query_as!(
        Row,
        r#"SELECT c.id AS "id!", c.name AS "name!", c.is_active AS "is_active!", c.updated_at AS "updated_at!"
           FROM portal.colleagues($1) c
           WHERE ($2::timestamptz IS NULL OR c.updated_at >= $2) AND ($3::timestamptz IS NULL OR c.updated_at < $3)
             AND ($4::uuid IS NULL OR c.id < $4)
             AND ($6::text[] IS NULL OR c.name ~ ALL ($6)) AND ($7::boolean IS NULL OR c.is_active = $7)
           ORDER BY c.id DESC LIMIT $5"#,
        window.ids.as_deref(),
        window.updated.from,
        window.updated.until,
        window.after,
        window.limit,
        filter.names.as_deref(),
        filter.active
    )
    .fetch_all(tx.connection())
    .await
    .during("find radiologists and doctors")
}
