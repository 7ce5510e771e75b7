//! What DICOM queries ask for, and where the instances of a study are. Rows that the actor may not see are not there.

mod found;
mod keys;
pub mod values;

use domain::{ImageId, ReportId};
use serde_json::Value;

pub use found::{
    FoundInstance, FoundPatient, FoundSeries, FoundStudy, Series, StoredInstance, Study,
};
pub use keys::{Between, KEYS, Keys, Level, Names, Part, Pattern};
use keys::{NamePatterns, Only, texts};

use crate::{ActorTx, DbError, Planning, error::During};

/// A query with the keys of every level; `s` is the study, `e` the series, `d` the instance. Of several rows of a study the
/// first stands for it.
macro_rules! find {
    ($tx:ident, $part:ident, $keys:ident, $select:literal, [$($levels:literal)*], $tail:literal $(, $more:expr)*) => {{
        let name = NamePatterns::of($keys.patient_name.as_ref());
        let physician = NamePatterns::of($keys.referring_physician.as_ref());
        let modalities = texts($keys.modalities_in_study.as_ref());
        let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.0.clone());
        sqlx::query!(
            $select
                + r#"
             WHERE ($4::text[] IS NULL OR s.study_uid = ANY($4))
               AND ($5::date IS NULL OR s.study_date >= $5) AND ($6::date IS NULL OR s.study_date <= $6)
               AND ($7::time IS NULL OR s.study_time >= $7) AND ($8::time IS NULL OR s.study_time <= $8)
               AND ($9::text IS NULL OR s.accession_number LIKE $9)
               AND ($10::text IS NULL OR s.patient_number LIKE $10)
               AND ($11::text IS NULL OR s.issuer LIKE $11)
               AND ($12::text IS NULL OR lower(s.patient_name) LIKE $12 OR lower(s.patient_name) LIKE $13
                    OR ($14::text IS NOT NULL AND (lower(s.patient_name) LIKE $14 OR lower(s.patient_name) LIKE $14 || '=%')))
               AND ($15::text IS NULL OR lower(s.referring_physician) LIKE $15 OR lower(s.referring_physician) LIKE $16
                    OR ($17::text IS NOT NULL AND (lower(s.referring_physician) LIKE $17 OR lower(s.referring_physician) LIKE $17 || '=%')))
               AND ($18::text IS NULL OR s.study_id LIKE $18)
               AND ($19::text IS NULL OR s.study_description LIKE $19)
               AND ($20::date IS NULL OR s.patient_birth_date >= $20) AND ($21::date IS NULL OR s.patient_birth_date <= $21)
               AND ($22::text IS NULL OR s.patient_sex LIKE $22)
               AND ($23::text[] IS NULL OR EXISTS (SELECT FROM portal.dicom_series m
                                                   WHERE m.study_uid = s.study_uid AND m.modality LIKE ANY($23)))
               AND NOT EXISTS (SELECT FROM portal.dicom_studies other
                               WHERE other.study_uid = s.study_uid AND other.report_id < s.report_id)"#
                $(+ $levels)*
                + $tail,
            $part.limit,
            $part.offset,
            $part.header,
            $keys.study_uids.as_deref(),
            $keys.study_date.from,
            $keys.study_date.to,
            $keys.study_time.from,
            $keys.study_time.to,
            text(&$keys.accession_number),
            text(&$keys.patient_number),
            text(&$keys.issuer),
            name.first,
            name.first_of_groups,
            name.later,
            physician.first,
            physician.first_of_groups,
            physician.later,
            text(&$keys.study_id),
            text(&$keys.study_description),
            $keys.birth_date.from,
            $keys.birth_date.to,
            text(&$keys.patient_sex),
            modalities.as_deref()
            $(, $more)*
        )
        .fetch_all($tx.connection())
        .await
    }};
}

/// [`find`] by one key of the study and nothing else: what it asks is the same whatever the value, so its plan is kept.
macro_rules! find_by {
    ($tx:ident, $part:ident, ($is:literal, $value:expr), $select:literal, [], $tail:literal) => {
        sqlx::query!(
            $select
                + " WHERE "
                + $is
                + r#" AND NOT EXISTS (SELECT FROM portal.dicom_studies other
                               WHERE other.study_uid = s.study_uid AND other.report_id < s.report_id)"#
                + $tail,
            $part.limit,
            $part.offset,
            $part.header,
            $value
        )
        .fetch_all($tx.connection())
        .await
    };
}

/// [`find`] with the keys of series, and others of their instances.
macro_rules! find_in_series {
    ($tx:ident, $part:ident, $keys:ident, $select:literal, $levels:literal, $tail:literal $(, $more:expr)*) => {{
        let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.0.clone());
        let modality = texts($keys.modality.as_ref());
        find!(
            $tx,
            $part,
            $keys,
            $select,
            [r#" AND ($24::text[] IS NULL OR e.series_uid = ANY($24))
               AND ($25::text[] IS NULL OR e.modality LIKE ANY($25))
               AND ($26::integer IS NULL OR e.series_number = $26)
               AND ($27::text IS NULL OR e.series_description LIKE $27)
               AND ($28::text IS NULL OR e.body_part LIKE $28)
               AND ($29::date IS NULL OR e.performed_date >= $29) AND ($30::date IS NULL OR e.performed_date <= $30)
               AND ($31::time IS NULL OR e.performed_time >= $31) AND ($32::time IS NULL OR e.performed_time <= $32)
               AND ($33::text IS NULL OR e.scheduled_step_id LIKE $33)
               AND ($34::text IS NULL OR e.requested_procedure_id LIKE $34)
               AND NOT EXISTS (SELECT FROM portal.dicom_series other WHERE other.study_uid = e.study_uid
                               AND other.series_uid = e.series_uid AND other.report_id < e.report_id)"# $levels],
            $tail,
            $keys.series_uids.as_deref(),
            modality.as_deref(),
            $keys.series_number,
            text(&$keys.series_description),
            text(&$keys.body_part),
            $keys.performed_date.from,
            $keys.performed_date.to,
            $keys.performed_time.from,
            $keys.performed_time.to,
            text(&$keys.scheduled_step_id),
            text(&$keys.requested_procedure_id)
            $(, $more)*
        )
    }};
}

macro_rules! study_of {
    ($row:ident) => {
        Study {
            study_uid: $row.study_uid,
            study_date: $row.study_date,
            study_time: $row.study_time,
            accession_number: $row.accession_number,
            study_id: $row.study_id,
            study_description: $row.study_description,
            referring_physician: $row.referring_physician,
            patient_name: $row.patient_name,
            patient_number: $row.patient_number,
            issuer: $row.issuer,
            patient_birth_date: $row.patient_birth_date,
            patient_sex: $row.patient_sex,
            timezone: $row.timezone,
        }
    };
}

macro_rules! series_of {
    ($row:ident) => {
        Series {
            series_uid: $row.series_uid,
            modality: $row.modality,
            series_number: $row.series_number,
            series_description: $row.series_description,
            body_part: $row.body_part,
            laterality: $row.laterality,
            performed_date: $row.performed_date,
            performed_time: $row.performed_time,
            scheduled_step_id: $row.scheduled_step_id,
            requested_procedure_id: $row.requested_procedure_id,
        }
    };
}

/// Studies, found by [`find`] or [`find_by`].
macro_rules! find_studies {
    ($find:ident, $tx:ident, $part:ident, $with:tt) => {
        $find!(
            $tx,
            $part,
            $with,
            r#"SELECT p.study_uid AS "study_uid!", p.study_date, p.study_time, p.accession_number, p.study_id,
                     p.study_description, p.referring_physician, p.patient_name, p.patient_number, p.issuer,
                     p.patient_birth_date, p.patient_sex, p.timezone,
                     c.modalities AS "modalities?: Vec<String>", c.series AS "series!", c.instances AS "instances!", h.header AS "header?: Value"
             FROM (SELECT s.* FROM portal.dicom_studies s"#,
            [],
            r#" ORDER BY s.study_date DESC NULLS LAST, s.report_id DESC LIMIT $1 OFFSET $2) p
             CROSS JOIN LATERAL (SELECT count(*) AS instances, count(DISTINCT d.series_uid) AS series,
                                        array_agg(DISTINCT d.modality) FILTER (WHERE d.modality IS NOT NULL) AS modalities
                                 FROM portal.dicom_instances d WHERE d.study_uid = p.study_uid) c
             LEFT JOIN LATERAL (SELECT coalesce(w.dicom_metadata, i.dicom_metadata) AS header FROM portal.dicom_instances d
                                JOIN report_images i USING (image_id)
                                LEFT JOIN portal.wrapped_pictures w USING (image_id)
                                WHERE $3::boolean AND d.study_uid = p.study_uid ORDER BY d.image_id LIMIT 1) h ON true
             ORDER BY p.study_date DESC NULLS LAST, p.report_id DESC"#
        )
        .during("find studies")?
        .into_iter()
        .map(|row| FoundStudy {
            study: study_of!(row),
            modalities: row.modalities.unwrap_or_default(),
            series: row.series,
            instances: row.instances,
            header: row.header,
        })
        .collect()
    };
}

/// Studies, the newest first. Served by `idx_dicom_studies_study_uid`, `…_study_date`, `…_patient_number`,
/// `…_patient_name` and `…_accession_number`, whichever of them the keys name; instances are counted along
/// `idx_dicom_instances_study_uid`. What names nothing but one study, number or accession number keeps its plan.
///
/// # Errors
/// When the database does not answer.
pub async fn studies(
    tx: &mut ActorTx,
    keys: &Keys,
    part: Part,
) -> Result<Vec<FoundStudy>, DbError> {
    let Some(only) = keys.only() else {
        return studies_by_any(tx, keys, part).await;
    };
    tx.plan(Planning::Kept).await?;
    Ok(match only {
        Only::Study(uid) => find_studies!(find_by, tx, part, ("s.study_uid = $4", uid)),
        Only::Accession(number) => {
            find_studies!(find_by, tx, part, ("s.accession_number = $4", number))
        }
        Only::Patient(number) => {
            find_studies!(find_by, tx, part, ("s.patient_number = $4", number))
        }
    })
}

/// [`studies`] by whichever keys are there.
async fn studies_by_any(
    tx: &mut ActorTx,
    keys: &Keys,
    part: Part,
) -> Result<Vec<FoundStudy>, DbError> {
    tx.plan_with_values().await?;
    Ok(find_studies!(find, tx, part, keys))
}

/// How a transaction is to plan that finds [`studies`] by these keys and nothing else.
#[must_use]
pub fn planning(keys: &Keys) -> Planning {
    match keys.only() {
        Some(_) => Planning::Kept,
        None => Planning::WithValues,
    }
}

/// Patients as films name them, by number; one without a number cannot be asked for. Served by the indexes of
/// [`studies`]. Keys of series and instances are left aside.
///
/// # Errors
/// When the database does not answer.
pub async fn patients(
    tx: &mut ActorTx,
    keys: &Keys,
    part: Part,
) -> Result<Vec<FoundPatient>, DbError> {
    tx.plan_with_values().await?;
    let rows = find!(
        tx,
        part,
        keys,
        r#"SELECT p.patient_number AS "patient_number!", p.issuer, count(*) AS "studies!", $3::boolean IS NULL AS "nothing?",
                     (array_agg(p.patient_name ORDER BY p.study_date DESC NULLS LAST, p.report_id DESC))[1] AS patient_name,
                     (array_agg(p.patient_birth_date ORDER BY p.study_date DESC NULLS LAST, p.report_id DESC))[1] AS patient_birth_date,
                     (array_agg(p.patient_sex ORDER BY p.study_date DESC NULLS LAST, p.report_id DESC))[1] AS patient_sex
             FROM (SELECT s.* FROM portal.dicom_studies s"#,
        [],
        r#") p WHERE p.patient_number IS NOT NULL
             GROUP BY p.patient_number, p.issuer ORDER BY p.patient_number, p.issuer LIMIT $1 OFFSET $2"#
    )
    .during("find patients of films")?;
    Ok(rows
        .into_iter()
        .map(|row| FoundPatient {
            patient_number: row.patient_number,
            issuer: row.issuer,
            patient_name: row.patient_name,
            patient_birth_date: row.patient_birth_date,
            patient_sex: row.patient_sex,
            studies: row.studies,
        })
        .collect())
}

/// Series, those of the newest study first. Served by the indexes of [`studies`], `idx_dicom_series_study_uid`,
/// `…_series_uid` and `…_modality`.
///
/// # Errors
/// When the database does not answer.
pub async fn series(
    tx: &mut ActorTx,
    keys: &Keys,
    part: Part,
) -> Result<Vec<FoundSeries>, DbError> {
    tx.plan_with_values().await?;
    let rows = find_in_series!(
        tx,
        part,
        keys,
        r#"SELECT s.study_uid, s.study_date, s.study_time, s.accession_number, s.study_id,
                     s.study_description, s.referring_physician, s.patient_name, s.patient_number, s.issuer,
                     s.patient_birth_date, s.patient_sex, s.timezone,
                     e.series_uid, e.modality, e.series_number, e.series_description, e.body_part,
                     e.laterality, e.performed_date, e.performed_time, e.scheduled_step_id, e.requested_procedure_id, c.instances AS "instances!", h.header AS "header?: Value"
             FROM portal.dicom_studies s JOIN portal.dicom_series e ON e.study_uid = s.study_uid
             CROSS JOIN LATERAL (SELECT count(*) AS instances FROM portal.dicom_instances d
                                 WHERE d.study_uid = e.study_uid AND d.series_uid = e.series_uid) c
             LEFT JOIN LATERAL (SELECT coalesce(w.dicom_metadata, i.dicom_metadata) AS header FROM portal.dicom_instances d
                                JOIN report_images i USING (image_id)
                                LEFT JOIN portal.wrapped_pictures w USING (image_id)
                                WHERE d.study_uid = e.study_uid AND d.series_uid = e.series_uid
                                ORDER BY d.image_id LIMIT 1) h ON $3::boolean"#,
        "",
        r#" ORDER BY s.study_date DESC NULLS LAST, s.report_id DESC, e.series_number NULLS LAST, e.series_uid
             LIMIT $1 OFFSET $2"#
    )
    .during("find series")?;
    Ok(rows
        .into_iter()
        .map(|row| FoundSeries {
            study: study_of!(row),
            series: series_of!(row),
            instances: row.instances,
            header: row.header,
        })
        .collect())
}

/// Instances, those of the newest study first. Served by the indexes of [`series`] and
/// `idx_dicom_instances_study_uid`, `…_sop_instance_uid`.
///
/// # Errors
/// When the database does not answer.
pub async fn instances(
    tx: &mut ActorTx,
    keys: &Keys,
    part: Part,
) -> Result<Vec<FoundInstance>, DbError> {
    tx.plan_with_values().await?;
    let rows = find_in_series!(
        tx,
        part,
        keys,
        r#"SELECT s.study_uid, s.study_date, s.study_time, s.accession_number, s.study_id,
                     s.study_description, s.referring_physician, s.patient_name, s.patient_number, s.issuer,
                     s.patient_birth_date, s.patient_sex, s.timezone,
                     e.series_uid, e.modality, e.series_number, e.series_description, e.body_part,
                     e.laterality, e.performed_date, e.performed_time, e.scheduled_step_id, e.requested_procedure_id, d.sop_instance_uid, d.sop_class_uid, d.transfer_syntax_uid, d.instance_number,
                     i.width, i.height, d.frames, CASE WHEN $3::boolean THEN coalesce(w.dicom_metadata, i.dicom_metadata) END AS header
             FROM portal.dicom_studies s JOIN portal.dicom_series e ON e.study_uid = s.study_uid
             JOIN portal.dicom_instances d ON d.study_uid = e.study_uid AND d.series_uid = e.series_uid
             JOIN report_images i USING (image_id)
             LEFT JOIN portal.wrapped_pictures w USING (image_id)"#,
        r#"
               AND ($35::text[] IS NULL OR d.sop_instance_uid = ANY($35))
               AND ($36::text[] IS NULL OR d.sop_class_uid = ANY($36))
               AND ($37::integer IS NULL OR d.instance_number = $37)
               AND NOT EXISTS (SELECT FROM portal.dicom_instances other WHERE other.sop_instance_uid = d.sop_instance_uid
                               AND other.study_uid = d.study_uid AND other.image_id < d.image_id)"#,
        r#" ORDER BY s.study_date DESC NULLS LAST, s.report_id DESC, e.series_number NULLS LAST, e.series_uid,
                      d.instance_number NULLS LAST, d.image_id
             LIMIT $1 OFFSET $2"#,
        keys.instance_uids.as_deref(),
        keys.sop_class_uids.as_deref(),
        keys.instance_number
    )
    .during("find instances")?;
    Ok(rows
        .into_iter()
        .map(|row| FoundInstance {
            study: study_of!(row),
            series: series_of!(row),
            sop_instance_uid: row.sop_instance_uid,
            sop_class_uid: row.sop_class_uid,
            transfer_syntax_uid: row.transfer_syntax_uid,
            instance_number: row.instance_number,
            width: row.width,
            height: row.height,
            frames: row.frames,
            header: row.header,
        })
        .collect())
}

/// The instances of a study, of one of its series, or one of them, in reading order; of several files with one SOP
/// Instance UID the first that came. Served by `idx_dicom_instances_study_uid`.
///
/// # Errors
/// When the database does not answer.
pub async fn stored(
    tx: &mut ActorTx,
    study_uid: &str,
    series_uid: Option<&str>,
    sop_instance_uid: Option<&str>,
) -> Result<Vec<StoredInstance>, DbError> {
    sqlx::query_as!(
        StoredInstance,
        r#"SELECT d.image_id AS "image_id: ImageId", i.report_id AS "report_id: ReportId", d.series_uid, d.sop_instance_uid,
                  d.sop_class_uid, d.transfer_syntax_uid, d.frames, encode(coalesce(w.sha256, b.sha256), 'hex') AS "sha256!"
           FROM portal.dicom_instances d
           JOIN report_images i USING (image_id)
           JOIN portal.image_blobs b USING (image_id)
           LEFT JOIN portal.wrapped_pictures w USING (image_id)
           WHERE d.study_uid = $1 AND ($2::text IS NULL OR d.series_uid = $2) AND ($3::text IS NULL OR d.sop_instance_uid = $3)
             AND NOT EXISTS (SELECT FROM portal.dicom_instances other WHERE other.sop_instance_uid = d.sop_instance_uid
                             AND other.study_uid = d.study_uid AND other.image_id < d.image_id)
           ORDER BY d.series_number NULLS LAST, d.series_uid, d.instance_number NULLS LAST, d.image_id"#,
        study_uid,
        series_uid,
        sop_instance_uid
    )
    .fetch_all(tx.connection())
    .await
    .during("look instances up")
}

/// One image, if it is a DICOM instance. Served by the primary keys.
///
/// # Errors
/// When the database does not answer.
pub async fn of_image(
    tx: &mut ActorTx,
    image_id: ImageId,
) -> Result<Option<StoredInstance>, DbError> {
    sqlx::query_as!(
        StoredInstance,
        r#"SELECT d.image_id AS "image_id: ImageId", i.report_id AS "report_id: ReportId", d.series_uid, d.sop_instance_uid,
                  d.sop_class_uid, d.transfer_syntax_uid, d.frames, encode(coalesce(w.sha256, b.sha256), 'hex') AS "sha256!"
           FROM portal.dicom_instances d
           JOIN report_images i USING (image_id)
           JOIN portal.image_blobs b USING (image_id)
           LEFT JOIN portal.wrapped_pictures w USING (image_id)
           WHERE d.image_id = $1"#,
        image_id.0
    )
    .fetch_optional(tx.connection())
    .await
    .during("look an instance up")
}

/// The instances that one of these names, by whichever of them are said, study by study; of several files with one SOP
/// Instance UID the first that came. Served by `idx_dicom_instances_study_uid`, `…_sop_instance_uid` and
/// `idx_dicom_studies_patient_number`.
///
/// # Errors
/// When the database does not answer.
pub async fn named(
    tx: &mut ActorTx,
    names: &Names,
    limit: i64,
) -> Result<Vec<StoredInstance>, DbError> {
    tx.plan_with_values().await?;
    sqlx::query_as!(
        StoredInstance,
        r#"SELECT d.image_id AS "image_id: ImageId", i.report_id AS "report_id: ReportId", d.series_uid, d.sop_instance_uid,
                  d.sop_class_uid, d.transfer_syntax_uid, d.frames, encode(coalesce(w.sha256, b.sha256), 'hex') AS "sha256!"
           FROM portal.dicom_instances d
           JOIN report_images i USING (image_id)
           JOIN portal.image_blobs b USING (image_id)
           LEFT JOIN portal.wrapped_pictures w USING (image_id)
           WHERE ($1::text IS NULL OR d.study_uid IN (SELECT s.study_uid FROM portal.dicom_studies s WHERE s.patient_number = $1))
             AND ($2::text[] IS NULL OR d.study_uid = ANY($2))
             AND ($3::text[] IS NULL OR d.series_uid = ANY($3))
             AND ($4::text[] IS NULL OR d.sop_instance_uid = ANY($4))
             AND NOT EXISTS (SELECT FROM portal.dicom_instances other WHERE other.sop_instance_uid = d.sop_instance_uid
                             AND other.study_uid = d.study_uid AND other.image_id < d.image_id)
           ORDER BY d.study_uid, d.series_number NULLS LAST, d.series_uid, d.instance_number NULLS LAST, d.image_id
           LIMIT $5"#,
        names.patient_number,
        names.studies.as_deref(),
        names.series.as_deref(),
        names.instances.as_deref(),
        limit
    )
    .fetch_all(tx.connection())
    .await
    .during("look named instances up")
}

/// Notes that the actor asked for a study that is there and not for it to see; tells the actor nothing. One of which
/// the actor sees a part is none of them.
///
/// # Errors
/// When the database does not answer.
pub async fn note_refused(
    tx: &mut ActorTx,
    study_uid: &str,
    request: &Value,
) -> Result<(), DbError> {
    let sees = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM portal.dicom_studies WHERE study_uid = $1) AS "sees!""#,
        study_uid
    )
    .fetch_one(tx.connection())
    .await
    .during("look whether a study is seen")?;
    if sees {
        return Ok(());
    }
    let role = tx.actor().audit_role();
    let origin = tx.actor().origin.clone();
    sqlx::query!(
        r#"SELECT portal.note_refused_study($1, $2, $3::text::inet, $4, $5) AS "noted""#,
        study_uid,
        role,
        origin.address.map(|address| address.to_string()),
        origin.user_agent,
        request
    )
    .fetch_one(tx.connection())
    .await
    .during("note that a study was refused")?;
    Ok(())
}

#[cfg(test)]
mod only_tests;

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn wildcards_of_dicom_are_those_of_like_and_nothing_else_is() {
        assert_eq!(Pattern::of("M*ll?r").as_str(), "M%ll_r");
        assert_eq!(Pattern::of("100%_\\").as_str(), "100\\%\\_\\\\");
    }

    #[test]
    fn a_pattern_fits_as_like_says() {
        for (pattern, text, fits) in [
            ("CURIE*", "Curie^Marie", true),
            ("*marie", "Curie^Marie", true),
            ("C?rie^M*e", "Curie^Marie", true),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("Curie", "Curie^Marie", false),
            ("100%", "100%", true),
            ("100%", "1000", false),
            ("a_c\\", "a_c\\", true),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(Pattern::of(pattern).fits(text), fits, "{pattern} {text}");
        }
    }
}
