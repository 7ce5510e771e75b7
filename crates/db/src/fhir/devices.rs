//! Models.

use chrono::{DateTime, Utc};
use sqlx::types::Uuid;

use super::Window;
use crate::{ActorTx, DbError, error::During};

/// Which models.
#[derive(Debug, Default)]
pub struct Filter {
    /// What every search may name.
    pub window: Window,
    /// Whose name each of these regular expressions finds.
    pub names: Option<Vec<String>>,
    /// The one that cases are scored by, or the others.
    pub active: Option<bool>,
}

/// A model.
#[derive(Debug)]
pub struct Row {
    /// Identifier.
    pub model_id: Uuid,
    /// Name.
    pub model_name: String,
    /// Version.
    pub version: String,
    /// Whether cases are scored by it.
    pub is_active: bool,
    /// In words.
    pub description: Option<String>,
    /// When it was registered or last put to work.
    pub updated_at: DateTime<Utc>,
}

/// Finds models. Served by `ai_models_pkey`; there are few.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, filter: &Filter) -> Result<Vec<Row>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT m.model_id, m.model_name, m.version, m.is_active, m.description,
                  greatest(m.created_at, m.deployed_date) AS "updated_at!"
           FROM ai_models m
           WHERE ($1::uuid[] IS NULL OR m.model_id = ANY($1))
             AND ($2::timestamptz IS NULL OR greatest(m.created_at, m.deployed_date) >= $2)
             AND ($3::timestamptz IS NULL OR greatest(m.created_at, m.deployed_date) < $3)
             AND ($4::uuid IS NULL OR m.model_id < $4)
             AND ($6::text[] IS NULL OR m.model_name ~ ALL ($6))
             AND ($7::boolean IS NULL OR m.is_active = $7)
           ORDER BY m.model_id DESC LIMIT $5"#,
        filter.window.ids.as_deref(),
        filter.window.updated.from,
        filter.window.updated.until,
        filter.window.after,
        filter.window.limit,
        filter.names.as_deref(),
        filter.active
    )
    .fetch_all(tx.connection())
    .await
    .during("find models over FHIR")
}
