//! `GET` and `POST /api/patients/{patient_id}/consents`.

use axum::{Json as Answer, extract::State, http::StatusCode};
use db::{
    ActorTx,
    audit::Act,
    consents::{self, Consent, NewConsent},
    personal_data,
};
use domain::{
    Language, Role, UserId,
    access::Permission,
    audit::{AuditAction, EntityType},
    consent::{ConsentKind, ConsentPolicy},
    settings,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::{Checks, Json, Path},
    codes::FieldCode,
    problem::{Problem, ProblemBody},
    signed::Signed,
    state::ApiState,
};

/// Most rows of the history that are shown, the newest.
const ROWS: i64 = 200;

/// What a patient consented to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentsAnswer {
    /// What is asked now.
    kinds: Vec<ConsentKind>,
    /// What holds: of each kind the last row. A kind that is not here was never answered.
    current: Vec<Consent>,
    /// The newest 200 rows of all, newest first.
    history: Vec<Consent>,
}

/// Read a patient's consents
///
/// Patients read their own, privacy officers those of any.
#[utoipa::path(get, operation_id = "patients_consents_read", path = "/api/patients/{patient_id}/consents", tag = "privacy",
    params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 200, body = ConsentsAnswer), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
              (status = 404, body = ProblemBody)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
) -> Result<Answer<ConsentsAnswer>, Problem> {
    let mut tx = begin_for(&state, &signed, patient_id).await?;
    let answer = load(&mut tx, patient_id).await?;
    tx.audit(Act::new(AuditAction::ListConsents, EntityType::Patient).on(patient_id))
        .await?;
    tx.commit().await?;
    Ok(Answer(answer))
}

/// A consent, given or withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentRequest {
    /// What it is to: a kind of the setting `privacy.consents`.
    #[schema(max_length = 40)]
    kind: String,
    /// Given, or withdrawn.
    is_given: bool,
    /// The version of the text that was shown.
    #[schema(max_length = 40)]
    text_version: String,
    /// The language in which it was shown; `en` by default.
    #[schema(value_type = Option<Language>)]
    language: Option<String>,
    /// How staff knows it, such as a signed form; needed of staff, refused of patients; at most 2000 characters.
    #[schema(max_length = 2000)]
    evidence: Option<String>,
}

/// Give or withdraw a consent
///
/// By the patient, or recorded by a privacy officer with what shows it. Nothing is changed: each row stays, and the
/// last one of a kind counts at once.
#[utoipa::path(post, operation_id = "patients_consents_record", path = "/api/patients/{patient_id}/consents", tag = "privacy",
    request_body = ConsentRequest, params(("patient_id" = UserId, Path, description = "The patient")),
    responses((status = 201, body = ConsentsAnswer), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody),
              (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 409, description = "The text is another by now", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(crate) async fn record(
    State(state): State<ApiState>,
    signed: Signed,
    Path(patient_id): Path<UserId>,
    Json(request): Json<ConsentRequest>,
) -> Result<(StatusCode, Answer<ConsentsAnswer>), Problem> {
    let mut tx = begin_for(&state, &signed, patient_id).await?;
    let policy: ConsentPolicy = db::settings::get(&mut tx, settings::PRIVACY_CONSENTS).await?;
    let evidence = request
        .evidence
        .as_deref()
        .map(str::trim)
        .filter(|evidence| !evidence.is_empty());
    let is_own = signed.role == Role::Patient;
    let mut checks = Checks::default();
    let language: Option<Language> = checks.word("language", request.language.as_deref());
    checks.at_most("evidence", evidence, 2000);
    checks.require(
        is_own == evidence.is_none(),
        "evidence",
        FieldCode::Required,
        "staff says how it knows of the consent, and patients say nothing here",
    );
    let kind = policy.kind(&request.kind);
    checks.require(
        kind.is_some(),
        "kind",
        FieldCode::UnknownWord,
        "must be a kind of the setting privacy.consents",
    );
    checks.done()?;
    let kind = kind.expect("checked just above");
    // Whoever withdraws may do so whatever the text says by now.
    if request.is_given && request.text_version != kind.version {
        return Err(Problem::Conflict {
            code: "consent_text_changed",
            detail: "the text is another by now: show it again, and ask again".to_owned(),
        });
    }
    let new = NewConsent {
        patient_id,
        kind: &kind.kind,
        is_given: request.is_given,
        text_version: &kind.version,
        wording: kind.wording(language.unwrap_or(Language::En)),
        evidence,
    };
    let consent_id = consents::record(&mut tx, &new).await?;
    tx.audit(
        Act::new(AuditAction::RecordConsent, EntityType::Patient)
            .on(patient_id)
            .new_values(
                json!({ "consent_id": consent_id, "kind": kind.kind, "is_given": request.is_given,
                                "text_version": kind.version }),
            ),
    )
    .await?;
    let answer = load(&mut tx, patient_id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// A transaction of whoever may look at this patient's consents.
async fn begin_for(
    state: &ApiState,
    signed: &Signed,
    patient_id: UserId,
) -> Result<ActorTx, Problem> {
    signed.may(Permission::KeepConsents, state).await?;
    let (tx, is_there) = match signed.role {
        Role::Patient => (signed.begin(state).await?, patient_id == signed.user_id),
        _ => {
            let mut tx = signed.begin_as_officer(state).await?;
            let is_there = personal_data::is_patient(&mut tx, patient_id).await?;
            (tx, is_there)
        }
    };
    if is_there {
        Ok(tx)
    } else {
        Err(Problem::NotFound("patient"))
    }
}

async fn load(tx: &mut ActorTx, patient_id: UserId) -> Result<ConsentsAnswer, Problem> {
    let policy: ConsentPolicy = db::settings::get(tx, settings::PRIVACY_CONSENTS).await?;
    Ok(ConsentsAnswer {
        kinds: policy.kinds,
        current: consents::current(tx, patient_id).await?,
        history: consents::of_patient(tx, patient_id, ROWS).await?,
    })
}
