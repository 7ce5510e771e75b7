//! What counts: what the doctor signed.

use chrono::FixedOffset;

use super::{
    codes::{self, Code},
    content::person,
    doctor,
    item::{As, Item},
    signer,
};
use crate::{PRODUCT, ResultError, SignedResult, State, uids::uid_of};

/// What counts: the signed review, with its addenda; and why the AI said nothing, where it did not.
pub(super) fn evaluated(
    result: &SignedResult,
    state: State<'_>,
    offset: FixedOffset,
) -> Result<Vec<Item>, ResultError> {
    let review = state.review;
    let at = review.reviewed_at.unwrap_or(state.at);
    let code = |name: &Code, value: &Code| Item::code(As::Contains, name, value).at(at, offset);
    // Both observers stand at the root; these are of one of them.
    let mut items: Vec<Item> = person(&signer(review)?).into();
    items.extend(
        review
            .doctor_risk_assessment
            .map(|risk| code(&codes::READER_RISK, &codes::risk(risk))),
    );
    if result.analysis.is_some() {
        items.extend(
            review
                .confirmed_ai_diagnosis
                .map(|confirmed| code(&codes::AGREEMENT, &codes::agreement(confirmed))),
        );
    }
    items.extend(
        review
            .urgency_level
            .map(|urgency| code(&codes::URGENCY, &codes::urgency(urgency))),
    );
    items.extend(
        review
            .follow_up_date
            .map(|day| Item::date(As::Contains, &codes::FOLLOW_UP, day).at(at, offset)),
    );
    for (name, text) in [
        (&codes::FINDINGS, &review.clinical_findings),
        (&codes::RECOMMENDATION, &review.recommended_action),
    ] {
        let said = text.as_deref().filter(|text| !text.trim().is_empty());
        items.extend(said.map(|text| written_by_doctor(name, text).at(at, offset)));
    }
    for note in state.addenda {
        let who = doctor(note.doctor_name.as_deref(), note.doctor_id.0)?;
        items.push(
            written_by_doctor(&codes::ADDENDUM, &note.addendum)
                .with(person(&who))
                .at(note.created_at, offset),
        );
    }
    if result.analysis.is_none() {
        items.push(silent(result));
    }
    items.push(Item::text(
        As::Contains,
        &codes::DISCLAIMER,
        crate::DISCLAIMER,
    ));
    Ok(items)
}

/// A text in whichever language the doctor writes.
fn written_by_doctor(name: &Code, text: &str) -> Item {
    Item::text(As::Contains, name, text).with([Item::code(
        As::Modifier,
        &codes::LANGUAGE,
        &codes::UNDETERMINED,
    )])
}

/// That the AI gave no risk, and why: so this program says.
fn silent(result: &SignedResult) -> Item {
    let context = As::ObservationContext;
    let program = [
        Item::code(context, &codes::OBSERVER_TYPE, &codes::DEVICE),
        Item::uid(
            context,
            &codes::DEVICE_UID,
            &uid_of(&[b"device", PRODUCT.as_bytes()]),
        ),
        Item::text(context, &codes::DEVICE_NAME, PRODUCT),
    ];
    let said = match &result.not_assessed {
        Some(not) => Item::code(
            As::Contains,
            &codes::NOT_ASSESSED,
            &Code::word(&not.code, &not.reason),
        )
        .with([Item::text(As::Modifier, &codes::NOT_ASSESSED, &not.reason)]),
        None => Item::text(
            As::Contains,
            &codes::NO_AI,
            "The case was signed without a result of an AI.",
        ),
    };
    said.with(program)
}
