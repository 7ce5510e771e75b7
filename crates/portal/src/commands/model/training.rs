//! Recalibration and training sets from local signed cases.

use std::path::PathBuf;

use anyhow::{Context, Result};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime};
use db::Actor;
use governance::{
    recalibration::{self, Wanted},
    training_set::{self, Folder},
};

use super::named;
use crate::{
    cli::{ModelName, PlaceArgs, ReasonArgs},
    place::Place,
};

/// Makes a new version of a model from local cases.
pub(super) async fn recalibrate(
    args: &PlaceArgs,
    name: &ModelName,
    sensitivity: f64,
    days: i64,
) -> Result<()> {
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let actor = Actor::command_line();
    let mut tx = database.begin(&actor).await?;
    let model = named(&mut tx, name).await?;
    let until = tx.now();
    drop(tx);
    let wanted = Wanted {
        sensitivity,
        from: until - Duration::days(days),
        until,
    };
    let folder = place.models()?;
    let made =
        recalibration::recalibrate(&database, &actor, &folder, model.model_id, wanted).await?;
    let share = |rate: &Option<ai::evaluate::Rate>| {
        rate.as_ref().map_or("-".to_owned(), |rate| {
            format!(
                "{:.1} % ({:.1} to {:.1})",
                rate.value * 100.0,
                rate.interval.low * 100.0,
                rate.interval.high * 100.0
            )
        })
    };
    println!(
        "{} {} is registered, from {} signed cases ({} of medium or high risk).\n\
         Medium from {:.4}, high from {:.4}. On patients left out of the fit: sensitivity {}, specificity {}.\n\
         Have it score silently: medical-portal model shadow {} {} --reason TEXT",
        made.model_name,
        made.version,
        made.cases,
        made.positives,
        made.medium,
        made.high,
        share(&made.figures.sensitivity),
        share(&made.figures.specificity),
        made.model_name,
        made.version
    );
    database.close().await;
    place.close().await
}

/// Writes signed cases without identities.
pub(super) async fn export(
    args: &PlaceArgs,
    output: PathBuf,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    reason: &ReasonArgs,
) -> Result<()> {
    let mut folder = Folder::new(output.clone())
        .with_context(|| format!("cannot write into {}", output.display()))?;
    let place = Place::open_existing(args).await?;
    let database = place.database().await?;
    let blobs = place.blob_store()?;
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let from = from.map_or(DateTime::UNIX_EPOCH, midnight);
    let until = until.map_or_else(|| database.clock().now(), midnight);
    let export = training_set::prepare(
        &database,
        &Actor::command_line(),
        &blobs,
        &crate::decoders::of_this_program()?,
        from,
        until,
        &reason.reason,
    )
    .await?;
    let exported = tokio::task::spawn_blocking(move || export.write(&mut folder)).await??;
    println!(
        "{} pictures of {} patients are in {}; {} with burned-in text and {} that cannot be decoded were left out.\n\
         Text in the pixels that no header mentions may still be there: look through them before they leave the hospital.",
        exported.images,
        exported.patients,
        output.display(),
        exported.burned_in,
        exported.unreadable
    );
    database.close().await;
    place.close().await
}
