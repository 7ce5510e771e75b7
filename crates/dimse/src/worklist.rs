//! The modality worklist (PS3.4 annex K): orders that are active, as steps that are scheduled. An order names no station, or
//! no modality, where any will do, and no time where it is to be made at once; a modality is told what it asked for then.

use chrono::{DateTime, Days, Local, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use db::{
    audit::Act,
    dicom::{
        Between, Pattern,
        values::{dates, is_uid, times},
    },
    fhir::Span,
    worklist::{self, Keys, Step},
};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use domain::{
    OrderId,
    audit::{AuditAction, EntityType},
    order::OrderPriority,
    patient::Gender,
};
use serde_json::json;

use crate::{
    association::{Broken, Session},
    command::Command,
    data::{LONG, Making, Received, SHORT},
    find::{Found, MOST, PENDING, PENDING_WITH_A_WARNING, Refusal, UNABLE, tell},
    negotiate::Context,
};

/// The keys that a worklist can be asked by, as `docs/DICOM_CONFORMANCE.md` lists them.
pub const KEYS: &[(&str, &str)] = &[
    (
        "00400100.00400001",
        "ScheduledProcedureStepSequence.ScheduledStationAETitle",
    ),
    (
        "00400100.00400002",
        "ScheduledProcedureStepSequence.ScheduledProcedureStepStartDate",
    ),
    (
        "00400100.00400003",
        "ScheduledProcedureStepSequence.ScheduledProcedureStepStartTime",
    ),
    (
        "00400100.00080060",
        "ScheduledProcedureStepSequence.Modality",
    ),
    (
        "00400100.00400009",
        "ScheduledProcedureStepSequence.ScheduledProcedureStepID",
    ),
    ("00080050", "AccessionNumber"),
    ("00100010", "PatientName"),
    ("00100020", "PatientID"),
    ("00100021", "IssuerOfPatientID"),
    ("00100030", "PatientBirthDate"),
    ("0020000D", "StudyInstanceUID"),
    ("00401001", "RequestedProcedureID"),
];

/// A question.
#[derive(Debug, Default)]
struct Question {
    keys: Keys,
    dates: Between<NaiveDate>,
    times: Between<NaiveTime>,
    name: Option<Pattern>,
    /// Of the step and of the procedure, which have the same number.
    numbers: Vec<Pattern>,
    /// Said of steps that are for any station, and of any modality.
    station: Option<String>,
    modality: Option<String>,
    /// Whether a key with a value was left out.
    is_wide: bool,
}

impl Question {
    fn read(received: &Received) -> Result<Self, Refusal> {
        let mut question = Self::default();
        for asked in received.asked() {
            if asked.items.is_empty() {
                question.key(asked.digits, &asked.text)?;
            }
            for within in asked.items.iter().flat_map(Received::asked) {
                let path = format!("{}.{}", asked.digits, within.digits);
                question.key(&path, &within.text)?;
            }
        }
        question.keys.scheduled = span(question.dates, question.times);
        Ok(question)
    }

    fn key(&mut self, path: &str, text: &str) -> Result<(), Refusal> {
        if text.bytes().all(|byte| byte == b'*') || path == "00080005" {
            return Ok(());
        }
        let keyword = KEYS.iter().find(|(known, _)| *known == path);
        let Some((_, keyword)) = keyword else {
            self.is_wide = true;
            return Ok(());
        };
        let fault = |fault: String| Refusal::new(UNABLE, format!("{keyword}: {fault}"));
        let pattern = || Some(Pattern::of(text));
        let is_plain = !text.contains(['*', '?']);
        let keys = &mut self.keys;
        match path {
            "00400100.00400001" => {
                keys.station = pattern();
                self.station = is_plain.then(|| text.to_owned());
            }
            "00400100.00080060" => {
                keys.modality = pattern();
                self.modality = is_plain.then(|| text.to_owned());
            }
            "00400100.00400002" => self.dates = dates(text).map_err(fault)?,
            "00400100.00400003" => self.times = times(text).map_err(fault)?,
            "00400100.00400009" | "00401001" => self.numbers.extend(pattern()),
            "00080050" => keys.accession_number = pattern(),
            "00100010" => self.name = Some(Pattern::of(text.trim_end_matches('^'))),
            "00100020" => keys.patient_number = pattern(),
            "00100021" => keys.issuer = pattern(),
            "00100030" => keys.birth_date = dates(text).map_err(fault)?,
            _ => {
                let uids = text.split('\\').map(str::trim);
                if !uids.clone().all(is_uid) {
                    return Err(fault("UIDs are digits and dots".to_owned()));
                }
                let orders = uids.filter_map(OrderId::of_study_uid).map(|id| id.0);
                keys.orders = Some(orders.collect());
            }
        }
        Ok(())
    }

    /// What the database does not look at.
    fn fits(&self, step: &Step) -> bool {
        let name = name_of(&step.patient_name);
        let number = step.order_id.step_number();
        let planned = step.content.scheduled_at.filter(|_| !self.is_day_said());
        self.name.as_ref().is_none_or(|wanted| wanted.fits(&name))
            && self.numbers.iter().all(|wanted| wanted.fits(&number))
            && planned.is_none_or(|at| {
                let time = at.with_timezone(&Local).time();
                self.times.from.is_none_or(|from| time >= from)
                    && self.times.to.is_none_or(|to| time <= to)
            })
    }

    const fn is_day_said(&self) -> bool {
        self.dates.from.is_some() || self.dates.to.is_some()
    }
}

/// From the first time of the first day to the last time of the last one (PS3.4 table K.6-1), on the site's clock.
fn span(dates: Between<NaiveDate>, times: Between<NaiveTime>) -> Span<DateTime<Utc>> {
    let midnight = NaiveTime::MIN;
    let from = dates
        .from
        .map(|day| day.and_time(times.from.unwrap_or(midnight)));
    let until = dates.to.and_then(|day| match times.to {
        Some(time) => day
            .and_time(time)
            .checked_add_signed(TimeDelta::microseconds(1)),
        None => Some(day.checked_add_days(Days::new(1))?.and_time(midnight)),
    });
    let here = |at: chrono::NaiveDateTime| {
        // Of an hour that comes twice the first; one that does not come at all is read as UTC would.
        let local = Local.from_local_datetime(&at).earliest();
        local.map_or_else(|| at.and_utc(), |local| local.with_timezone(&Utc))
    };
    Span {
        from: from.map(here),
        until: until.map(here),
    }
}

/// Answers what is to be made.
pub(crate) async fn answer(
    session: &mut Session<'_>,
    context: &Context,
    asked: &Command,
) -> Result<(), Broken> {
    let bytes = session.data_set(context).await?;
    match matches(session, context, &bytes).await {
        Ok(found) => tell(session, context, asked, found).await,
        Err(refusal) => {
            session
                .end(context, asked, refusal.status, Some(&refusal.comment))
                .await
        }
    }
}

async fn matches(session: &Session<'_>, context: &Context, bytes: &[u8]) -> Result<Found, Refusal> {
    let received = Received::read(bytes, &context.transfer_syntax)
        .map_err(|error| Refusal::new(UNABLE, error.to_string()))?;
    let question = Question::read(&received)?;
    let limit = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    let mut tx = session.service.database.begin(&session.peer.actor).await?;
    let steps = worklist::find(&mut tx, &question.keys, limit).await?;
    let more = steps.len() > MOST;
    let now = tx.now();
    let matches: Vec<Making> = steps
        .iter()
        .take(MOST)
        .filter(|step| question.fits(step))
        .map(|step| {
            let peer = &session.peer.title;
            item(step, &question, peer, now).answering(&received, ALWAYS, None)
        })
        .collect();
    let act = Act::new(AuditAction::ListReports, EntityType::Patient)
        .new_values(json!({ "form": "dimse worklist", "found": matches.len() }));
    tx.audit(act).await?;
    tx.commit().await?;
    Ok(Found {
        status: if question.is_wide {
            PENDING_WITH_A_WARNING
        } else {
            PENDING
        },
        matches,
        more,
    })
}

/// What is always said of a step, asked for or not.
const ALWAYS: &[Tag] = &[tags::SPECIFIC_CHARACTER_SET];

/// A step, all that is known of it (PS3.4 table K.6-1).
fn item(step: &Step, question: &Question, peer: &str, now: DateTime<Utc>) -> Making {
    let order = &step.content;
    let number = step.order_id.step_number();
    let at = order.scheduled_at.unwrap_or(now).with_timezone(&Local);
    let codes = || {
        codes_of(
            &order.procedure_system,
            &order.procedure_code,
            &order.procedure_text,
        )
    };
    let station = order.station_ae_title.as_deref();
    let modality = order.modality.as_deref();
    let mut scheduled = Making::default();
    scheduled
        .text(
            tags::SCHEDULED_STATION_AE_TITLE,
            VR::AE,
            station.or(question.station.as_deref()).or(Some(peer)),
        )
        .date(
            tags::SCHEDULED_PROCEDURE_STEP_START_DATE,
            Some(at.date_naive()),
        )
        .time(
            tags::SCHEDULED_PROCEDURE_STEP_START_TIME,
            Some(whole_seconds(at.time())),
        )
        .text(
            tags::MODALITY,
            VR::CS,
            modality.or(question.modality.as_deref()).or(Some("OT")),
        )
        .text(tags::SCHEDULED_PERFORMING_PHYSICIAN_NAME, VR::PN, None)
        .text(
            tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION,
            VR::LO,
            Some(&order.procedure_text),
        )
        .items(tags::SCHEDULED_PROTOCOL_CODE_SEQUENCE, codes())
        .text(tags::SCHEDULED_PROCEDURE_STEP_ID, VR::SH, Some(&number))
        .text(
            tags::SCHEDULED_PROCEDURE_STEP_STATUS,
            VR::CS,
            Some("SCHEDULED"),
        );
    let requester = order.requester.as_deref().map(plain_name);
    let mut item = Making::of_utf8();
    item.items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![scheduled])
        .text(tags::REQUESTED_PROCEDURE_ID, VR::SH, Some(&number))
        .text(
            tags::REQUESTED_PROCEDURE_DESCRIPTION,
            VR::LO,
            Some(&order.procedure_text),
        )
        .items(tags::REQUESTED_PROCEDURE_CODE_SEQUENCE, codes())
        .text(
            tags::REQUESTED_PROCEDURE_PRIORITY,
            VR::SH,
            Some(priority(order.priority)),
        )
        .text(
            tags::REASON_FOR_THE_REQUESTED_PROCEDURE,
            VR::LO,
            order.reason.as_deref(),
        )
        .text(
            tags::STUDY_INSTANCE_UID,
            VR::UI,
            Some(&step.order_id.study_uid()),
        )
        .items(tags::REFERENCED_STUDY_SEQUENCE, Vec::new())
        .text(
            tags::ACCESSION_NUMBER,
            VR::SH,
            order.accession_number.as_deref(),
        )
        .text(
            tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
            VR::LO,
            order.placer_number.as_deref(),
        )
        .text(tags::REQUESTING_PHYSICIAN, VR::PN, requester.as_deref())
        .text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, requester.as_deref())
        .date(
            tags::ISSUE_DATE_OF_IMAGING_SERVICE_REQUEST,
            order
                .authored_at
                .map(|at| at.with_timezone(&Local).date_naive()),
        );
    patient(&mut item, step);
    item
}

fn patient(item: &mut Making, step: &Step) {
    // A patient whom the hospital gave no number has the portal's own; films that come with it are known by their study.
    let own = step.content.patient_id.to_string();
    let number = step.patient_number.as_deref().unwrap_or(&own);
    let issuer = step.issuer.as_deref().filter(|issuer| !issuer.is_empty());
    item.text(
        tags::PATIENT_NAME,
        VR::PN,
        Some(&name_of(&step.patient_name)),
    )
    .text(tags::PATIENT_ID, VR::LO, Some(number))
    .text(tags::ISSUER_OF_PATIENT_ID, VR::LO, issuer)
    .date(tags::PATIENT_BIRTH_DATE, step.birth_date)
    .text(
        tags::PATIENT_SEX,
        VR::CS,
        step.gender.map(|gender| match gender {
            Gender::Female => "F",
            Gender::Male => "M",
            Gender::Other => "O",
        }),
    );
}

/// Without fractions, which some modalities do not read.
fn whole_seconds(time: NaiveTime) -> NaiveTime {
    use chrono::Timelike as _;
    time.with_nanosecond(0).unwrap_or(time)
}

const fn priority(priority: OrderPriority) -> &'static str {
    match priority {
        OrderPriority::Stat => "STAT",
        OrderPriority::Asap | OrderPriority::Urgent => "HIGH",
        OrderPriority::Routine => "ROUTINE",
    }
}

/// A patient's name with DICOM's components: the last word is the family's, unless a comma or the name itself says.
fn name_of(name: &str) -> String {
    if name.contains(['^', '=']) {
        return name.to_owned();
    }
    if let Some((family, given)) = name.split_once(',') {
        return format!("{}^{}", family.trim(), given.trim());
    }
    match name.trim().rsplit_once(' ') {
        Some((given, family)) => format!("{family}^{}", given.trim()),
        None => name.trim().to_owned(),
    }
}

/// A name that is only words: it has no components, and no groups.
fn plain_name(name: &str) -> String {
    name.replace(['^', '='], " ")
}

/// The code of a procedure, where it is one as DICOM writes them (PS3.3 table 8.8-1).
fn codes_of(system: &str, code: &str, text: &str) -> Vec<Making> {
    const KNOWN: &[(&str, &str)] = &[
        ("http://loinc.org", "LN"),
        ("http://snomed.info/sct", "SCT"),
        ("http://radlex.org", "RADLEX"),
        ("http://www.radlex.org", "RADLEX"),
        ("http://www.ama-assn.org/go/cpt", "C4"),
    ];
    if code.is_empty() || code.chars().count() > SHORT {
        return Vec::new();
    }
    let known = KNOWN.iter().find(|(known, _)| *known == system);
    let own = if !system.is_empty() && system.chars().count() <= SHORT {
        system
    } else {
        // A scheme of the site's own (PS3.16 section 8).
        "99LOCAL"
    };
    let mut item = Making::default();
    item.text(tags::CODE_VALUE, VR::SH, Some(code))
        .text(
            tags::CODING_SCHEME_DESIGNATOR,
            VR::SH,
            Some(known.map_or(own, |(_, scheme)| scheme)),
        )
        .text(
            tags::CODE_MEANING,
            VR::LO,
            Some(&text.chars().take(LONG).collect::<String>()),
        );
    vec![item]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_components() {
        for (name, written) in [
            ("Marie Curie", "Curie^Marie"),
            ("Curie, Marie", "Curie^Marie"),
            ("Anne Marie Öztürk", "Öztürk^Anne Marie"),
            ("Madonna", "Madonna"),
            ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太郎"),
        ] {
            assert_eq!(name_of(name), written);
        }
    }

    #[test]
    fn a_range_of_days_and_times_is_from_the_first_to_the_last() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 7, day);
        let days = Between {
            from: day(5),
            to: day(7),
        };
        let whole = span(days, Between::default());
        let length = whole.until.unwrap() - whole.from.unwrap();
        assert_eq!(length, TimeDelta::days(3));
        let some = span(days, times("1000-1800").unwrap());
        let length = some.until.unwrap() - some.from.unwrap();
        assert_eq!(
            length,
            TimeDelta::days(2) + TimeDelta::hours(8) + TimeDelta::minutes(1)
        );
    }
}
