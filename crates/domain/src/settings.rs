//! The settings a hospital may change while the portal runs: one typed list with defaults,
//! ranges and words of explanation. Stored in `system_settings`, one row a key.

use serde_json::{Value, json};

use crate::{
    consent::ConsentPolicy,
    emergency::EmergencyPolicy,
    model::{DriftPolicy, PerformancePolicy},
    patient_wording::PatientWording,
    prior::PriorPolicy,
    queue::MaximumWaits,
    role::Role,
    single_sign_on::SingleSignOn,
    step_up::StepUpMinutes,
};

/// One setting: its key, what it does, the default, and the check a new value must pass.
#[derive(Debug, Clone, Copy)]
pub struct SettingDefinition {
    /// The key, such as `queue.maximum_wait_minutes`.
    pub key: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// The value when nothing is stored.
    pub default: fn() -> Value,
    /// What is wrong with a value, if anything.
    pub check: fn(&Value) -> Result<(), String>,
}

/// Minutes each class may wait before it moves to the top.
pub const QUEUE_MAXIMUM_WAIT_MINUTES: &str = "queue.maximum_wait_minutes";
/// Minutes a claim holds without a sign of life.
pub const QUEUE_CLAIM_MINUTES: &str = "queue.claim_minutes";
/// Whether the AI's verdict stays hidden until the doctor has written a first impression.
pub const REVIEW_FIRST_IMPRESSION: &str = "review.first_impression_before_ai";
/// When a signed result reaches the patient.
pub const RELEASE_POLICY: &str = "release.policy";
/// Minutes a session lives without use.
pub const SESSION_IDLE_MINUTES: &str = "session.idle_minutes";
/// Hours a session lives at most.
pub const SESSION_ABSOLUTE_HOURS: &str = "session.absolute_hours";
/// Roles whose accounts need a second factor.
pub const SIGN_IN_SECOND_FACTOR_ROLES: &str = "sign_in.second_factor_roles";
/// Minutes for which a proof of who holds a session is good.
pub const SIGN_IN_STEP_UP_MINUTES: &str = "sign_in.step_up_minutes";
/// Who opens records in emergencies, and how.
pub const EMERGENCY_ACCESS: &str = "emergency.access";
/// Accounts that look after privacy.
pub const PRIVACY_OFFICERS: &str = "privacy.officers";
/// Days within which a request for correction is decided on.
pub const PRIVACY_CORRECTION_DAYS: &str = "privacy.correction_days";
/// What patients are asked to consent to.
pub const PRIVACY_CONSENTS: &str = "privacy.consents";
/// Who may come in by single sign-on, and as what.
pub const SIGN_IN_SINGLE_SIGN_ON: &str = "sign_in.single_sign_on";
/// Fewest characters of a new password.
pub const PASSWORD_MINIMUM_LENGTH: &str = "password.minimum_length";
/// Largest accepted file, in mebibytes.
pub const INTAKE_MAXIMUM_FILE_MEBIBYTES: &str = "intake.maximum_file_mebibytes";
/// Largest accepted image, in megapixels.
pub const INTAKE_MAXIMUM_MEGAPIXELS: &str = "intake.maximum_megapixels";
/// Which earlier studies are fetched from other archives.
pub const PRIORS_FETCHED: &str = "priors.fetched";
/// The sentence under every AI result.
pub const ANALYSIS_DISCLAIMER: &str = "analysis.disclaimer";
/// Wording of findings and recommendations by category.
pub const ANALYSIS_TEMPLATES: &str = "analysis.templates";

/// When scores and pictures count as drifted.
pub const GOVERNANCE_DRIFT: &str = "governance.drift";
/// When a model's agreement with signed reviews counts as too low.
pub const GOVERNANCE_PERFORMANCE: &str = "governance.performance";
/// What patients read of a result, in plain words.
pub const PATIENT_WORDING: &str = "patient.wording";

/// How long read notifications are kept.
pub const RETENTION_NOTIFICATION_DAYS: &str = "retention.notification_days";
/// How long the audit trail stays in the database.
pub const RETENTION_AUDIT_MONTHS: &str = "retention.audit_months";
/// How long reports stay.
pub const RETENTION_REPORTS_YEARS: &str = "retention.reports_years";
/// How long accounts of patients without reports stay.
pub const RETENTION_EMPTY_ACCOUNTS_MONTHS: &str = "retention.empty_accounts_months";
/// How long the law wants reports to be kept.
pub const PRIVACY_KEEP_REPORTS_YEARS: &str = "privacy.keep_reports_years";
/// How long sessions stay that are over.
pub const RETENTION_SESSION_DAYS: &str = "retention.session_days";
/// At what time of day old rows are cleared.
pub const MAINTENANCE_WINDOW: &str = "maintenance.window";

/// When the daily backup is made.
pub const BACKUP_SCHEDULE: &str = "backup.schedule";
/// Where backups go.
pub const BACKUP_DESTINATION: &str = "backup.destination";
/// Which backups stay.
pub const BACKUP_KEEP: &str = "backup.keep";

/// Whether the write-ahead log is kept, so that any moment can be restored.
pub const BACKUP_POINT_IN_TIME: &str = "backup.point_in_time";

/// A part of the machine's own day, such as 01:00 to 05:00; it may reach over midnight.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceWindow {
    /// Its first minute, `HH:MM`.
    pub from: String,
    /// The minute after its last, `HH:MM`; the same as `from` means the whole day.
    pub until: String,
}

impl MaintenanceWindow {
    fn times(&self) -> Result<(chrono::NaiveTime, chrono::NaiveTime), String> {
        let time = |text: &str| {
            chrono::NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|_| format!("'{text}' is not a time such as 01:00"))
        };
        Ok((time(&self.from)?, time(&self.until)?))
    }

    /// Whether a time of day lies in it. A window that is not of its form holds no time.
    #[must_use]
    pub fn contains(&self, time: chrono::NaiveTime) -> bool {
        match self.times() {
            Ok((from, until)) if from < until => from <= time && time < until,
            Ok((from, until)) => time >= from || time < until,
            Err(_) => false,
        }
    }
}

/// When the daily backup is made: a time of the machine's own day, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BackupSchedule {
    /// Somebody else sees to it.
    Off,
    /// Every day at this time.
    Daily(chrono::NaiveTime),
}

impl TryFrom<String> for BackupSchedule {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        chrono::NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self::Daily)
            .map_err(|_| "expected a time such as \"02:00\", or \"off\"".to_owned())
    }
}

impl From<BackupSchedule> for String {
    fn from(schedule: BackupSchedule) -> Self {
        match schedule {
            BackupSchedule::Off => "off".to_owned(),
            BackupSchedule::Daily(at) => at.format("%H:%M").to_string(),
        }
    }
}

/// Which backups stay: the newest of each of so many days, weeks and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupKeep {
    /// Days.
    pub daily: u32,
    /// Weeks.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

/// When a signed result reaches the patient: at once, or after some hours for the reason recorded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleasePolicy {
    /// Hours between signing and release; 0 releases on signing.
    pub delay_hours: u32,
    /// Why results wait; needed when `delay_hours` is not 0.
    #[serde(default)]
    pub reason: String,
}

/// The wording of one category.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryTemplate {
    /// The finding; `{finding}` and `{probability}` are filled in.
    pub findings: String,
    /// What to do next, one line each.
    pub recommendations: Vec<String>,
}

/// The wording of all categories and of "not assessed".
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisTemplates {
    /// For risk low.
    pub low: CategoryTemplate,
    /// For risk medium.
    pub medium: CategoryTemplate,
    /// For risk high.
    pub high: CategoryTemplate,
    /// For what the AI could not assess; `{reason}` is filled in.
    pub not_assessed: CategoryTemplate,
}

impl Default for AnalysisTemplates {
    fn default() -> Self {
        let template = |findings: &str, recommendations: &[&str]| CategoryTemplate {
            findings: findings.to_owned(),
            recommendations: recommendations
                .iter()
                .map(|line| (*line).to_owned())
                .collect(),
        };
        Self {
            low: template(
                "No sign of: {finding} (probability {probability}).",
                &[
                    "Read in the usual order.",
                    "A low score does not rule disease out.",
                ],
            ),
            medium: template(
                "Possible: {finding} (probability {probability}).",
                &[
                    "Read before routine cases.",
                    "Compare with prior films and the clinical picture.",
                ],
            ),
            high: template(
                "Likely: {finding} (probability {probability}).",
                &[
                    "Read next.",
                    "Tell the referring clinician if the finding is confirmed.",
                ],
            ),
            not_assessed: template(
                "Not assessed by the AI: {reason}.",
                &["Read without AI support, before cases of medium risk."],
            ),
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn true_or_false(value: &Value) -> Result<(), String> {
    value
        .as_bool()
        .map(|_| ())
        .ok_or_else(|| "expected true or false".to_owned())
}

fn whole_number(value: &Value, least: u64, most: u64, unit: &str) -> Result<(), String> {
    match value.as_u64() {
        Some(number) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!(
            "expected a whole number of {unit} from {least} to {most}"
        )),
    }
}

fn check_waits(value: &Value) -> Result<(), String> {
    let waits: MaximumWaits = parse(value)?;
    let minutes = [waits.high, waits.unscored, waits.medium, waits.low];
    if minutes.iter().any(|wait| !(1..=43_200).contains(wait)) {
        return Err("each wait must be 1 to 43200 minutes (30 days)".to_owned());
    }
    Ok(())
}

fn check_release(value: &Value) -> Result<(), String> {
    let policy: ReleasePolicy = parse(value)?;
    if policy.delay_hours > 720 {
        return Err("delay_hours must be at most 720 (30 days)".to_owned());
    }
    if policy.delay_hours > 0 && policy.reason.trim().is_empty() {
        return Err("a delay needs a reason: patients have a right to their results".to_owned());
    }
    Ok(())
}

fn check_text(value: &Value) -> Result<(), String> {
    match value.as_str() {
        Some(text) if !text.trim().is_empty() && text.len() <= 1000 => Ok(()),
        _ => Err("expected a text of 1 to 1000 bytes".to_owned()),
    }
}

fn check_backup_destination(value: &Value) -> Result<(), String> {
    match value.as_str() {
        Some(text) if text.len() > 1000 => Err("expected at most 1000 bytes".to_owned()),
        Some(text) if text.contains("://") && text.contains('@') => Err(
            "credentials are given in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never in the address"
                .to_owned(),
        ),
        Some("") => Ok(()),
        Some(text) if text.starts_with('/') || text.starts_with("s3://") => Ok(()),
        _ => Err("expected a folder from / on, s3://BUCKET/PREFIX, or an empty text for the data folder's own".to_owned()),
    }
}

fn check_backup_keep(value: &Value) -> Result<(), String> {
    let keep: BackupKeep = parse(value)?;
    if keep.daily + keep.weekly + keep.monthly == 0 {
        return Err("something must stay".to_owned());
    }
    if [keep.daily, keep.weekly, keep.monthly]
        .iter()
        .any(|count| *count > 1000)
    {
        return Err("each number must be at most 1000".to_owned());
    }
    Ok(())
}

/// Every setting, in the order in which they are listed.
pub const ALL: &[SettingDefinition] = &[
    SettingDefinition {
        key: QUEUE_MAXIMUM_WAIT_MINUTES,
        description: "Minutes a report of each class may wait before it moves to the top of the queue.",
        default: || json!(MaximumWaits::default()),
        check: check_waits,
    },
    SettingDefinition {
        key: QUEUE_CLAIM_MINUTES,
        description: "Minutes a doctor's claim on a case holds before others may take it.",
        default: || json!(30),
        check: |value| whole_number(value, 1, 480, "minutes"),
    },
    SettingDefinition {
        key: REVIEW_FIRST_IMPRESSION,
        description: "Whether the AI's verdict stays hidden until the doctor has written a first impression.",
        default: || json!(false),
        check: true_or_false,
    },
    SettingDefinition {
        key: RELEASE_POLICY,
        description: "Hours between signing and release to the patient (0: at once), and the reason for a delay.",
        default: || {
            json!(ReleasePolicy {
                delay_hours: 0,
                reason: String::new()
            })
        },
        check: check_release,
    },
    SettingDefinition {
        key: SESSION_IDLE_MINUTES,
        description: "Minutes a session lives without use.",
        default: || json!(60),
        check: |value| whole_number(value, 1, 1440, "minutes"),
    },
    SettingDefinition {
        key: SESSION_ABSOLUTE_HOURS,
        description: "Hours a session lives at most, used or not.",
        default: || json!(12),
        check: |value| whole_number(value, 1, 168, "hours"),
    },
    SettingDefinition {
        key: SIGN_IN_SECOND_FACTOR_ROLES,
        description: "Roles that sign in with a second factor (patient, radiologist, doctor, tech). Who has none is led to set one up; sessions without one end.",
        default: || json!([]),
        check: |value| parse::<Vec<Role>>(value).map(|_| ()),
    },
    SettingDefinition {
        key: SIGN_IN_STEP_UP_MINUTES,
        description: "Minutes after a sign-in, or after proving anew who one is, in which reviews are signed, models put to work, cases exported, accounts secured and emergencies opened without being asked (0: asked each time).",
        default: || json!(StepUpMinutes::default()),
        check: |value| parse::<StepUpMinutes>(value)?.check(),
    },
    SettingDefinition {
        key: EMERGENCY_ACCESS,
        description: "Who may open a patient's record in an emergency (radiologist, tech), for how many minutes (at most 240), with how long a reason, and within how many hours after its end a privacy officer reviews it.",
        default: || json!(EmergencyPolicy::default()),
        check: |value| parse::<EmergencyPolicy>(value)?.check(),
    },
    SettingDefinition {
        key: PRIVACY_OFFICERS,
        description: "Identifiers of the accounts (of staff) that are told when a record is opened in an emergency, and review it. None: all of tech.",
        default: || json!([]),
        check: |value| parse::<Vec<crate::UserId>>(value).map(|_| ()),
    },
    SettingDefinition {
        key: PRIVACY_CORRECTION_DAYS,
        description: "Days within which a patient's request for correction is decided on; officers are reminded in the last week.",
        default: || json!(30),
        check: |value| whole_number(value, 1, 90, "days"),
    },
    SettingDefinition {
        key: PRIVACY_CONSENTS,
        description: "What patients are asked to consent to, in which words and version, by language (en at least); and whether films leave for training only of patients who consented to the kind training.",
        default: || json!(ConsentPolicy::default()),
        check: |value| parse::<ConsentPolicy>(value)?.check(),
    },
    SettingDefinition {
        key: SIGN_IN_SINGLE_SIGN_ON,
        description: "Who may come in by single sign-on, where a provider is configured, and as what: which value of which claim makes which role (VALUE = ROLE, the first that fits counts; nobody has a role by default), whether accounts that are here already are linked by an address that the provider has verified, and which words of amr or acr count as a second factor.",
        default: || json!(SingleSignOn::default()),
        check: |value| parse::<SingleSignOn>(value)?.check(),
    },
    SettingDefinition {
        key: PASSWORD_MINIMUM_LENGTH,
        description: "Fewest characters of a new password. Common and easily guessed ones are refused at any length.",
        default: || json!(crate::password::DEFAULT_MINIMUM_LENGTH),
        check: |value| {
            whole_number(
                value,
                crate::password::LEAST_MINIMUM_LENGTH as u64,
                64,
                "characters",
            )
        },
    },
    SettingDefinition {
        key: INTAKE_MAXIMUM_FILE_MEBIBYTES,
        description: "Largest accepted file, in mebibytes.",
        default: || json!(200),
        check: |value| whole_number(value, 1, 4096, "mebibytes"),
    },
    SettingDefinition {
        key: INTAKE_MAXIMUM_MEGAPIXELS,
        description: "Largest accepted image, in megapixels (all frames together).",
        default: || json!(100),
        check: |value| whole_number(value, 1, 2000, "megapixels"),
    },
    SettingDefinition {
        key: PRIORS_FETCHED,
        description: "How many earlier studies of a new case's patient are fetched from other archives without being asked for (0: none), and none that is older than how many years.",
        default: || json!(PriorPolicy::default()),
        check: |value| parse::<PriorPolicy>(value)?.check(),
    },
    SettingDefinition {
        key: ANALYSIS_DISCLAIMER,
        description: "The sentence under every AI result.",
        default: || json!("Decision support, not a diagnosis. A doctor reads every film."),
        check: check_text,
    },
    SettingDefinition {
        key: ANALYSIS_TEMPLATES,
        description: "Wording of findings and recommendations for each risk and for what was not assessed.",
        default: || json!(AnalysisTemplates::default()),
        check: |value| parse::<AnalysisTemplates>(value).map(|_| ()),
    },
    SettingDefinition {
        key: GOVERNANCE_DRIFT,
        description: "When the spread of scores and pictures counts as drifted against a model's first cases, and whether the model is then suspended (notify or suspend).",
        default: || json!(DriftPolicy::default()),
        check: |value| parse::<DriftPolicy>(value)?.check(),
    },
    SettingDefinition {
        key: GOVERNANCE_PERFORMANCE,
        description: "When a model's agreement with signed reviews counts as too low, and whether the model is then suspended (notify or suspend).",
        default: || json!(PerformancePolicy::default()),
        check: |value| parse::<PerformancePolicy>(value)?.check(),
    },
    SettingDefinition {
        key: PATIENT_WORDING,
        description: "What patients read of a released result, in plain words of at most grade six, in each language.",
        default: || json!(PatientWording::default()),
        check: |value| parse::<PatientWording>(value)?.check(),
    },
    SettingDefinition {
        key: RETENTION_NOTIFICATION_DAYS,
        description: "Days for which a notification is kept after it was read; unread ones stay.",
        default: || json!(90),
        check: |value| whole_number(value, 1, 3650, "days"),
    },
    SettingDefinition {
        key: RETENTION_AUDIT_MONTHS,
        description: "Months for which the audit trail stays in the database; older ones move into files in the data folder that prove themselves. 0: all of it stays.",
        default: || json!(0),
        check: |value| whole_number(value, 0, 600, "months"),
    },
    SettingDefinition {
        key: RETENTION_SESSION_DAYS,
        description: "Days for which a session that is over is kept.",
        default: || json!(30),
        check: |value| whole_number(value, 1, 3650, "days"),
    },
    SettingDefinition {
        key: RETENTION_REPORTS_YEARS,
        description: "Years after which a report is removed with its films, reviews and analyses, unless a legal hold keeps it; never before privacy.keep_reports_years is over. 0: reports stay for ever.",
        default: || json!(0),
        check: |value| whole_number(value, 0, 100, "years"),
    },
    SettingDefinition {
        key: RETENTION_EMPTY_ACCOUNTS_MONTHS,
        description: "Months after which a patient's account that has no reports and was not used is pseudonymised. 0: accounts stay for ever.",
        default: || json!(0),
        check: |value| whole_number(value, 0, 1200, "months"),
    },
    SettingDefinition {
        key: PRIVACY_KEEP_REPORTS_YEARS,
        description: "Years for which the law wants a report to be kept after it came in: before, nothing is erased or removed.",
        default: || json!(10),
        check: |value| whole_number(value, 0, 100, "years"),
    },
    SettingDefinition {
        key: MAINTENANCE_WINDOW,
        description: "Time of the machine's day in which old rows are cleared.",
        default: || json!({ "from": "01:00", "until": "05:00" }),
        check: |value| parse::<MaintenanceWindow>(value)?.times().map(|_| ()),
    },
    SettingDefinition {
        key: BACKUP_SCHEDULE,
        description: "Time of the machine's day at which the portal backs itself up and verifies the backup, or off.",
        default: || json!("02:00"),
        check: |value| parse::<BackupSchedule>(value).map(|_| ()),
    },
    SettingDefinition {
        key: BACKUP_DESTINATION,
        description: "Folder or s3://BUCKET/PREFIX for backups; empty: backups in the data folder, which protects from mistakes but not from the loss of the disk.",
        default: || json!(""),
        check: check_backup_destination,
    },
    SettingDefinition {
        key: BACKUP_KEEP,
        description: "Of how many days, weeks and months the newest backup stays.",
        default: || {
            json!(BackupKeep {
                daily: 7,
                weekly: 5,
                monthly: 12
            })
        },
        check: check_backup_keep,
    },
    SettingDefinition {
        key: BACKUP_POINT_IN_TIME,
        description: "Whether the private cluster's write-ahead log is kept beside the backups, so that any moment can be restored. Takes effect at the portal's next start and from the next backup on.",
        default: || json!(false),
        check: true_or_false,
    },
];

/// The definition of a key.
#[must_use]
pub fn definition(key: &str) -> Option<&'static SettingDefinition> {
    ALL.iter().find(|definition| definition.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_passes_its_own_check() {
        for setting in ALL {
            assert_eq!(
                (setting.check)(&(setting.default)()),
                Ok(()),
                "{}",
                setting.key
            );
        }
    }

    #[test]
    fn backups_are_set_in_words_that_people_use() {
        let check = |key, value: &Value| (definition(key).unwrap().check)(value);
        for good in ["02:00", "23:59", "off"] {
            assert_eq!(check(BACKUP_SCHEDULE, &json!(good)), Ok(()), "{good}");
        }
        for bad in ["24:00", "2", "daily", ""] {
            assert!(check(BACKUP_SCHEDULE, &json!(bad)).is_err(), "{bad}");
        }
        for good in ["", "/mnt/backups", "s3://bucket/clinic"] {
            assert_eq!(check(BACKUP_DESTINATION, &json!(good)), Ok(()), "{good}");
        }
        for bad in ["backups", "s3://key:secret@bucket", "ftp://x"] {
            assert!(check(BACKUP_DESTINATION, &json!(bad)).is_err(), "{bad}");
        }
        let none = json!({ "daily": 0, "weekly": 0, "monthly": 0 });
        assert!(check(BACKUP_KEEP, &none).is_err());
    }

    #[test]
    fn a_window_may_reach_over_midnight() {
        let window = |from: &str, until: &str| MaintenanceWindow {
            from: from.to_owned(),
            until: until.to_owned(),
        };
        let at = |hour| chrono::NaiveTime::from_hms_opt(hour, 30, 0).unwrap();
        let night = window("01:00", "05:00");
        assert!(night.contains(at(1)) && !night.contains(at(5)) && !night.contains(at(0)));
        let late = window("22:00", "02:00");
        assert!(late.contains(at(23)) && late.contains(at(1)) && !late.contains(at(12)));
        assert!(window("00:00", "00:00").contains(at(12)));
        assert!(!window("soon", "05:00").contains(at(1)));
        let check = definition(MAINTENANCE_WINDOW).unwrap().check;
        assert!(check(&json!({ "from": "25:00", "until": "05:00" })).is_err());
    }

    #[test]
    fn a_delayed_release_needs_a_reason() {
        let check = definition(RELEASE_POLICY).unwrap().check;
        assert!(check(&json!({"delay_hours": 24})).is_err());
        assert!(check(&json!({"delay_hours": 24, "reason": "the doctor calls first"})).is_ok());
        assert!(check(&json!({"delay_hours": 24, "reason": "x", "extra": 1})).is_err());
    }
}
