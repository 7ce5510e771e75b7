//! Everything about a model on one HTML page that needs nothing else: no script, no other file.

mod plots;

use ai::evaluate::Rate;
use chrono::{DateTime, NaiveDate, Utc};
use db::{
    Actor, Database, DbError, model_alarms,
    model_alarms::ModelAlarm,
    model_stages,
    model_stages::ModelChange,
    models::{self, Model},
    promotions,
    promotions::Promotion,
};
use domain::ModelId;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    figures::{ModelFigures, OperatingPoint},
    standing::{self, ModelStanding},
};

/// Days of the trend.
const DAYS: i64 = 90;
/// Most rows of each list.
const ROWS: i64 = 50;

/// The page of a model.
///
/// # Errors
/// When the database does not answer. `None`: there is no such model.
pub async fn of(
    database: &Database,
    actor: &Actor,
    model_id: ModelId,
) -> Result<Option<String>, DbError> {
    let mut tx = database.begin(actor).await?;
    let Some(model) = models::find(&mut tx, model_id).await? else {
        return Ok(None);
    };
    let standings = standing::latest(&mut tx, &model, DAYS).await?;
    let changes = model_stages::changes(&mut tx, Some(model_id), None, ROWS)
        .await?
        .items;
    let promotions = promotions::list(&mut tx, None, ROWS).await?.items;
    let alarms = model_alarms::list(&mut tx, false, None, 200).await?.items;
    let page = Page {
        made_at: tx.now(),
        standings,
        changes,
        promotions: promotions
            .into_iter()
            .filter(|one| one.model_id == model_id || one.replaces_model_id == Some(model_id))
            .collect(),
        alarms: alarms
            .into_iter()
            .filter(|alarm| alarm.model_id == model_id)
            .collect(),
        model,
    };
    Ok(Some(page.html().into_string()))
}

struct Page {
    made_at: DateTime<Utc>,
    model: Model,
    /// Newest first.
    standings: Vec<(NaiveDate, DateTime<Utc>, ModelStanding)>,
    changes: Vec<ModelChange>,
    promotions: Vec<Promotion>,
    alarms: Vec<ModelAlarm>,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}\
h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-bottom:1px solid #999}table{border-collapse:collapse;margin:1rem 0;width:100%}\
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
figure{display:inline-block;margin:0 1rem 1rem 0}figcaption{font-weight:600}pre{white-space:pre-wrap;font-size:.85rem}\
.note{color:#444}.open{font-weight:600;color:#8a1c00}@media print{body{max-width:none}h2{break-after:avoid}figure{break-inside:avoid}}";

impl Page {
    fn html(&self) -> Markup {
        let title = format!("{} {}", self.model.model_name, self.model.version);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title { "Model report: " (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { "Model report: " (title) }
                    p.note { "Made " (time(self.made_at)) ". Counts and figures only: no patient is in it. Decision support, not a diagnosis." }
                    (self.identity())
                    (self.now())
                    (self.trend())
                    (self.alarm_list())
                    (self.history())
                    (self.manifest())
                }
            }
        }
    }

    fn identity(&self) -> Markup {
        let model = &self.model;
        let share = |value: Option<f64>| value.map_or("–".to_owned(), percent);
        html! {
            h2 { "What it is" }
            table {
                tr { th { "Stage" } td { (model.stage) } }
                tr { th { "Description" } td { (model.description.as_deref().unwrap_or("–")) } }
                tr { th { "Architecture" } td { (model.architecture.as_deref().unwrap_or("–")) } }
                tr { th { "Trained on" } td { (model.training_dataset_version.as_deref().unwrap_or("–")) } }
                tr { th { "Registered" } td { (time(model.created_at)) } }
                tr { th { "Last put to work" } td { (model.deployed_date.map_or("never".to_owned(), time)) } }
                tr { th { "SHA-256 of the model" } td { code { (model.model_config.get("model_sha256").and_then(|value| value.as_str()).unwrap_or("–")) } } }
                tr { th { "Independent test (as it came)" } td {
                    "accuracy " (share(model.baseline_accuracy)) ", precision " (share(model.baseline_precision))
                    ", sensitivity " (share(model.baseline_recall)) ", F1 " (share(model.baseline_f1_score))
                } }
            }
        }
    }

    fn now(&self) -> Markup {
        let Some((day, computed_at, standing)) = self.standings.first() else {
            return html! { h2 { "On cases of this hospital" } p { "Nothing was counted yet: figures are counted once a day for models that score." } };
        };
        let figures = &standing.figures;
        let declined: u64 = figures.not_assessed.values().sum();
        html! {
            h2 { "On cases of this hospital" }
            p.note { "Counted " (time(*computed_at)) " for " (day) ". The truth is the doctor's risk in the signed review. Intervals are 95 %." }
            p {
                "In the last days it called " (standing.answers.low) " cases low, " (standing.answers.medium) " medium, "
                (standing.answers.high) " high, and declined " (standing.answers.not_assessed) "."
            }
            p { (figures.cases) " signed cases it scored since " (time(figures.from)) "; it declined " (declined) " signed cases"
                @for (code, count) in &figures.not_assessed { ", " (code) " " (count) } "." }
            (rates(figures))
            (plots::reliability(&figures.reliability))
            (plots::roc(&figures.roc, figures.auroc))
            (confusion("Flagged (medium or high)", &figures.flagged))
            (confusion("High", &figures.high))
            (subgroups(figures))
            (first_impression(figures))
            h2 { "Drift" }
            @if !standing.has_drift_reference {
                p { "There is no reference yet: it is made of the model's first cases." }
            } @else if standing.drift.is_empty() {
                p { "Too few recent cases to say anything." }
            } @else {
                p.note { "Population stability index of recent cases against the model's first ones; the limit is the one set, or what chance explains if that is more." }
                @for one in &standing.drift { (plots::drift(one)) }
            }
        }
    }

    fn trend(&self) -> Markup {
        let days: Vec<_> = self
            .standings
            .iter()
            .rev()
            .map(|(day, _, standing)| (*day, standing))
            .collect();
        if days.len() < 2 {
            return html! {};
        }
        let line = |pick: &dyn Fn(&ModelStanding) -> Option<f64>| -> Vec<(NaiveDate, f64)> {
            days.iter()
                .filter_map(|(day, standing)| Some((*day, pick(standing)?)))
                .collect()
        };
        let rate = |rate: &Option<Rate>| rate.as_ref().map(|rate| rate.value);
        html! {
            h2 { "Day by day" }
            (plots::trend(&[
                ("sensitivity", line(&|standing| rate(&standing.figures.flagged.sensitivity))),
                ("specificity", line(&|standing| rate(&standing.figures.flagged.specificity))),
                ("AUROC", line(&|standing| standing.figures.auroc)),
            ]))
        }
    }

    fn alarm_list(&self) -> Markup {
        html! {
            h2 { "Alarms" }
            @if self.alarms.is_empty() { p { "None." } } @else {
                table {
                    tr { th { "Raised" } th { "What" } th { "State" } }
                    @for alarm in &self.alarms {
                        tr {
                            td { (time(alarm.raised_at)) }
                            td { (alarm.kind) ": " (alarm.detail) }
                            td {
                                @if let Some(resolved) = alarm.resolved_at { "resolved " (time(resolved)) }
                                @else { span.open { "open" } @if alarm.acknowledged_at.is_some() { ", taken note of" } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn history(&self) -> Markup {
        let who = |name: &Option<String>, role: &str| {
            name.clone().unwrap_or_else(|| role.replace('_', " "))
        };
        html! {
            h2 { "Who decided what, and why" }
            @if self.changes.is_empty() { p { "Nothing yet." } } @else {
                table {
                    tr { th { "When" } th { "What" } th { "Who" } th { "Why" } }
                    @for change in &self.changes {
                        tr {
                            td { (time(change.created_at)) }
                            td { (change.event.as_str().replace('_', " ")) ": " (change.from_stage) " → " (change.to_stage) }
                            td { (who(&change.changed_by_name, &change.changed_as)) }
                            td { (change.reason) }
                        }
                    }
                }
            }
            @if !self.promotions.is_empty() {
                table {
                    tr { th { "Promotion asked" } th { "By" } th { "Why" } th { "Decision" } th { "By" } }
                    @for one in &self.promotions {
                        tr {
                            td { (time(one.requested_at)) }
                            td { (who(&one.requested_by_name, &one.requested_as)) }
                            td { (one.reason) }
                            td { @match (&one.decision, one.decided_at) {
                                (Some(decision), Some(at)) => { (decision) " " (time(at)) @if let Some(reason) = &one.decision_reason { ": " (reason) } }
                                _ => { "open" }
                            } }
                            td { (one.decided_as.as_deref().map_or(String::new(), |role| who(&one.decided_by_name, role))) }
                        }
                    }
                }
            }
        }
    }

    fn manifest(&self) -> Markup {
        let text = serde_json::to_string_pretty(&self.model.model_config).unwrap_or_default();
        html! { h2 { "Manifest" } pre { (text) } }
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

fn with_interval(rate: &Option<Rate>) -> String {
    rate.as_ref().map_or("–".to_owned(), |rate| {
        format!(
            "{} ({} to {}), {} of {}",
            percent(rate.value),
            percent(rate.interval.low),
            percent(rate.interval.high),
            rate.count,
            rate.of
        )
    })
}

fn rates(figures: &ModelFigures) -> Markup {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let auroc = match (figures.auroc, &figures.auroc_interval) {
        (Some(auroc), Some(interval)) => {
            format!("{auroc:.4} ({:.4} to {:.4})", interval.low, interval.high)
        }
        (auroc, _) => number(auroc),
    };
    type Pick = fn(&OperatingPoint) -> &Option<Rate>;
    let rows: [(&str, Pick); 4] = [
        ("Sensitivity", |point| &point.sensitivity),
        ("Specificity", |point| &point.specificity),
        ("Precision", |point| &point.precision),
        ("Accuracy", |point| &point.accuracy),
    ];
    html! {
        table {
            tr { th { "" } th { "Flagged: medium or high" } th { "High" } }
            @for (name, pick) in rows {
                tr { th { (name) } td { (with_interval(pick(&figures.flagged))) } td { (with_interval(pick(&figures.high))) } }
            }
            tr { th { "F1" } td { (number(figures.flagged.f1_score)) } td { (number(figures.high.f1_score)) } }
        }
        table {
            tr { th { "AUROC" } td { (auroc) } }
            tr { th { "Expected calibration error" } td { (number(figures.expected_calibration_error)) } }
            tr { th { "Brier score" } td { (number(figures.brier)) } }
            tr { th { "Reviews that confirmed the AI" } td { (with_interval(&figures.confirmed)) } }
        }
    }
}

fn confusion(title: &str, point: &OperatingPoint) -> Markup {
    let counts = point.confusion;
    html! {
        figure {
            figcaption { (title) }
            table {
                tr { th { "" } th.n { "doctor: yes" } th.n { "doctor: no" } }
                tr { th { "AI: yes" } td.n { (counts.true_positives) } td.n { (counts.false_positives) } }
                tr { th { "AI: no" } td.n { (counts.false_negatives) } td.n { (counts.true_negatives) } }
            }
        }
    }
}

fn subgroups(figures: &ModelFigures) -> Markup {
    html! {
        @if !figures.subgroups.is_empty() {
            h2 { "By sex and age" }
            table {
                tr { th { "Group" } th.n { "Cases" } th.n { "Medium or high" } th { "Sensitivity" } th { "Specificity" } }
                @for group in &figures.subgroups {
                    tr {
                        td { (group.by) ": " (group.group) }
                        td.n { (group.cases) } td.n { (group.positives) }
                        td { (with_interval(&group.sensitivity)) } td { (with_interval(&group.specificity)) }
                    }
                }
            }
        }
    }
}

fn first_impression(figures: &ModelFigures) -> Markup {
    html! {
        @if let Some(first) = &figures.first_impression {
            h2 { "Doctors before and after they saw the AI" }
            p.note { "Held against what was signed: it tells how far the AI moved doctors, not who was right." }
            table {
                tr { th { "Cases with a first impression" } td.n { (first.cases) } }
                tr { th { "First impression agreed with what was signed" } td { (with_interval(&first.alone_agrees)) } }
                tr { th { "AI agreed with what was signed" } td { (with_interval(&first.ai_agrees)) } }
                tr { th { "Moved to the AI's verdict" } td.n { (first.moved_to_ai) } }
                tr { th { "Moved to something else" } td.n { (first.moved_elsewhere) } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
