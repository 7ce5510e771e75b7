//! The registry of models and the figures of each.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{MetricId, ModelId, ModelStage};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ActorTx, Cursor, DbError, Page, error::During};

/// A registered model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Model {
    /// Identifier.
    pub model_id: ModelId,
    /// Name.
    pub model_name: String,
    /// Version.
    pub version: String,
    /// Such as "residual CNN".
    pub architecture: Option<String>,
    /// Such as "PyTorch".
    pub framework: Option<String>,
    /// Where its package is.
    pub model_file_url: String,
    /// Its description: input, head, thresholds, intended use, hash.
    pub model_config: Value,
    /// When it was trained.
    pub trained_date: Option<NaiveDate>,
    /// On what.
    pub training_dataset_version: Option<String>,
    /// When it was last put to work.
    pub deployed_date: Option<DateTime<Utc>>,
    /// Whether it is the one that cases are scored by, trusted or suspended.
    pub is_active: bool,
    /// What it is there for.
    pub stage: ModelStage,
    /// Accuracy on its independent test, 0 to 1.
    pub baseline_accuracy: Option<f64>,
    /// Precision on its independent test.
    pub baseline_precision: Option<f64>,
    /// Recall on its independent test.
    pub baseline_recall: Option<f64>,
    /// F1 on its independent test.
    pub baseline_f1_score: Option<f64>,
    /// In words.
    pub description: Option<String>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

/// A model to be registered.
#[derive(Debug)]
pub struct NewModel<'a> {
    /// Identifier.
    pub model_id: ModelId,
    /// Name.
    pub model_name: &'a str,
    /// Version.
    pub version: &'a str,
    /// Architecture.
    pub architecture: &'a str,
    /// Framework.
    pub framework: &'a str,
    /// Where its package is.
    pub model_file_url: &'a str,
    /// Its description.
    pub model_config: &'a Value,
    /// When it was trained.
    pub trained_date: Option<NaiveDate>,
    /// On what.
    pub training_dataset_version: &'a str,
    /// Accuracy, precision, recall and F1 on its independent test.
    pub baseline: [f64; 4],
    /// In words.
    pub description: &'a str,
}

/// The constraint that refuses a name and version twice.
pub const VERSION_EXISTS: &str = "ai_models_name_version_key";

/// Registers a model, inactive.
///
/// # Errors
/// [`VERSION_EXISTS`] as a constraint when that name and version is there.
pub async fn create(tx: &mut ActorTx, model: &NewModel<'_>) -> Result<(), DbError> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO ai_models (model_id, model_name, version, architecture, framework, model_file_url, model_config,
             trained_date, training_dataset_version, baseline_accuracy, baseline_precision, baseline_recall,
             baseline_f1_score, description, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::float8, $11::float8, $12::float8, $13::float8, $14, $15)",
        model.model_id.0,
        model.model_name,
        model.version,
        model.architecture,
        model.framework,
        model.model_file_url,
        model.model_config,
        model.trained_date,
        model.training_dataset_version,
        model.baseline[0],
        model.baseline[1],
        model.baseline[2],
        model.baseline[3],
        model.description,
        now
    )
    .execute(tx.connection())
    .await
    .during("register a model")?;
    Ok(())
}

/// Puts one model to work in place of the one that was. Says which that was.
///
/// # Errors
/// When the database does not answer.
pub async fn activate(tx: &mut ActorTx, model_id: ModelId) -> Result<Option<ModelId>, DbError> {
    let now = tx.now();
    let before = sqlx::query_scalar!(
        r#"UPDATE ai_models SET is_active = false WHERE is_active AND model_id <> $1
           RETURNING model_id AS "model_id: ModelId""#,
        model_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("take a model from work")?;
    sqlx::query!(
        "UPDATE ai_models SET is_active = true, deployed_date = $2 WHERE model_id = $1",
        model_id.0,
        now
    )
    .execute(tx.connection())
    .await
    .during("put a model to work")?;
    Ok(before)
}

macro_rules! model_query {
    ($condition:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Model,
            r#"SELECT model_id AS "model_id: ModelId", model_name, version, architecture, framework, model_file_url,
                      model_config, trained_date, training_dataset_version, deployed_date, is_active,
                      CASE coalesce((SELECT s.stage FROM portal.model_stages s WHERE s.model_id = ai_models.model_id), '')
                          WHEN 'suspended' THEN CASE WHEN is_active THEN 'suspended' ELSE 'registered' END
                          WHEN 'shadow' THEN CASE WHEN is_active THEN 'active' ELSE 'shadow' END
                          WHEN 'retired' THEN CASE WHEN is_active THEN 'active' ELSE 'retired' END
                          ELSE CASE WHEN is_active THEN 'active' ELSE 'registered' END
                      END AS "stage!: ModelStage",
                      baseline_accuracy::float8 AS baseline_accuracy, baseline_precision::float8 AS baseline_precision,
                      baseline_recall::float8 AS baseline_recall, baseline_f1_score::float8 AS baseline_f1_score,
                      description, created_at
               FROM ai_models "# + $condition
            $(, $argument)*
        )
    };
}

/// The models that score every case silently: the shadows, and an active one that is suspended.
///
/// # Errors
/// When the database does not answer.
pub async fn silent(tx: &mut ActorTx) -> Result<Vec<Model>, DbError> {
    model_query!(
        "WHERE model_id IN (SELECT s.model_id FROM portal.model_stages s
                            WHERE s.stage = CASE WHEN ai_models.is_active THEN 'suspended' ELSE 'shadow' END)
         ORDER BY model_id"
    )
    .fetch_all(tx.connection())
    .await
    .during("read the silent models")
}

/// The model that cases are scored by, trusted or suspended.
///
/// # Errors
/// When the database does not answer.
pub async fn active(tx: &mut ActorTx) -> Result<Option<Model>, DbError> {
    model_query!("WHERE is_active")
        .fetch_optional(tx.connection())
        .await
        .during("read the active model")
}

/// One model.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut ActorTx, model_id: ModelId) -> Result<Option<Model>, DbError> {
    model_query!("WHERE model_id = $1", model_id.0)
        .fetch_optional(tx.connection())
        .await
        .during("read a model")
}

/// The model of a name and version.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_version(
    tx: &mut ActorTx,
    name: &str,
    version: &str,
) -> Result<Option<Model>, DbError> {
    model_query!("WHERE model_name = $1 AND version = $2", name, version)
        .fetch_optional(tx.connection())
        .await
        .during("read a model")
}

/// Every model, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &mut ActorTx,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Model>, DbError> {
    let rows = model_query!(
        "WHERE $1::timestamptz IS NULL OR (created_at, model_id) < ($1, $2)
         ORDER BY created_at DESC, model_id DESC LIMIT $3",
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("list models")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.created_at,
        id: row.model_id.0,
    }))
}

/// Figures of a model over a period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Metric {
    /// Identifier.
    pub metric_id: MetricId,
    /// The model.
    pub model_id: ModelId,
    /// Share of right predictions.
    pub accuracy: Option<f64>,
    /// Share of right ones among those called positive.
    pub precision: Option<f64>,
    /// Share of positives that were found.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1_score: Option<f64>,
    /// Positives found.
    pub true_positives: i32,
    /// Negatives left alone.
    pub true_negatives: i32,
    /// Negatives called positive.
    pub false_positives: i32,
    /// Positives missed.
    pub false_negatives: i32,
    /// All predictions.
    pub total_predictions: i32,
    /// Right ones.
    pub correct_predictions: i32,
    /// When the figures were made.
    pub recorded_at: DateTime<Utc>,
    /// From when.
    pub period_start: Option<DateTime<Utc>>,
    /// Until when.
    pub period_end: Option<DateTime<Utc>>,
    /// Area under the ROC curve.
    pub auc_roc: Option<f64>,
}

/// The figures of a model, newest first. Served by `idx_model_metrics_model_id`.
///
/// # Errors
/// When the database does not answer.
pub async fn metrics(
    tx: &mut ActorTx,
    model_id: ModelId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<Metric>, DbError> {
    let rows = sqlx::query_as!(
        Metric,
        r#"SELECT metric_id AS "metric_id: MetricId", model_id AS "model_id: ModelId", accuracy::float8 AS accuracy,
                  "precision"::float8 AS "precision", recall::float8 AS recall, f1_score::float8 AS f1_score,
                  true_positives, true_negatives, false_positives, false_negatives, total_predictions,
                  correct_predictions, recorded_at, period_start, period_end, auc_roc::float8 AS auc_roc
           FROM model_metrics
           WHERE model_id = $1 AND ($2::timestamptz IS NULL OR (recorded_at, metric_id) < ($2, $3))
           ORDER BY recorded_at DESC, metric_id DESC
           LIMIT $4"#,
        model_id.0,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(tx.connection())
    .await
    .during("read a model's figures")?;
    Ok(Page::of(rows, limit, |row| Cursor {
        rank: 0,
        at: row.recorded_at,
        id: row.metric_id.0,
    }))
}

/// Counts of a model's predictions against signed reviews: positive is risk high, on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodCounts {
    /// Positives found.
    pub true_positives: i32,
    /// Negatives left alone.
    pub true_negatives: i32,
    /// Negatives called positive.
    pub false_positives: i32,
    /// Positives missed.
    pub false_negatives: i32,
}

/// Stores the figures of a period, once; a period without predictions, or one that is stored already,
/// leaves no row.
///
/// # Errors
/// When the database does not answer.
pub async fn record_period(
    tx: &mut ActorTx,
    model_id: ModelId,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    counts: PeriodCounts,
    auc_roc: Option<f64>,
) -> Result<Option<MetricId>, DbError> {
    let now = tx.now();
    sqlx::query_scalar!(
        r#"INSERT INTO model_metrics (metric_id, model_id, accuracy, "precision", recall, f1_score, true_positives,
                true_negatives, false_positives, false_negatives, total_predictions, correct_predictions, recorded_at,
                period_start, period_end, auc_roc)
           SELECT $1, $2, (tp + tn)::numeric / nullif(tp + tn + fp + fn, 0), tp::numeric / nullif(tp + fp, 0),
                  tp::numeric / nullif(tp + fn, 0), 2.0 * tp / nullif(2 * tp + fp + fn, 0), tp, tn, fp, fn,
                  tp + tn + fp + fn, tp + tn, $3, $4, $5, $6::float8
           FROM (SELECT $7::integer AS tp, $8::integer AS tn, $9::integer AS fp, $10::integer AS fn) counted
           WHERE tp + tn + fp + fn > 0
             AND NOT EXISTS (SELECT FROM model_metrics m WHERE m.model_id = $2 AND m.period_start = $4 AND m.period_end = $5)
           RETURNING metric_id AS "metric_id: MetricId""#,
        MetricId::new_at(now).0,
        model_id.0,
        now,
        start,
        end,
        auc_roc,
        counts.true_positives,
        counts.true_negatives,
        counts.false_positives,
        counts.false_negatives
    )
    .fetch_optional(tx.connection())
    .await
    .during("store a model's figures of a period")
}
