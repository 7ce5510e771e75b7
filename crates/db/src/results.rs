//! A case's signed result with everything that other systems are told of it.

use domain::{ReportId, review::NotificationPriority};

use crate::{
    ActorTx, DbError, dicom_routes,
    fhir::{Window, observations, patients, reports, subscriptions},
    hl7,
    notifications::{self, Message},
    orders::{self, Order},
    reviews::{self, Review},
};

/// A signed result.
#[derive(Debug)]
pub struct CaseResult {
    /// The case.
    pub report: reports::Row,
    /// Whose.
    pub patient: patients::Row,
    /// What the AI said, if only that it could not assess the case.
    pub assessment: Option<observations::Row>,
    /// The order that the films were made for.
    pub order: Option<Order>,
    /// The signed review that counts.
    pub review: Review,
}

/// A case's result, once a doctor has signed, as far as the actor may see it.
///
/// # Errors
/// When the database does not answer.
pub async fn of_report(
    tx: &mut ActorTx,
    report_id: ReportId,
) -> Result<Option<CaseResult>, DbError> {
    let of = |id| Window {
        ids: Some(vec![id]),
        limit: 1,
        ..Window::default()
    };
    let filter = reports::Filter {
        window: of(report_id.0),
        ..reports::Filter::default()
    };
    let Some(report) = reports::find(tx, &filter).await?.pop() else {
        return Ok(None);
    };
    let signed = reviews::of_report(tx, report_id).await?;
    let counts = report.review.as_ref().map(|review| review.review_id);
    let review = signed
        .into_iter()
        .find(|review| Some(review.review_id.0) == counts);
    let filter = patients::Filter {
        window: of(report.patient_id),
        ..patients::Filter::default()
    };
    let patient = patients::find(tx, &filter).await?.pop();
    let (Some(review), Some(patient)) = (review, patient) else {
        return Ok(None);
    };
    let filter = observations::Filter {
        window: of(report_id.0),
        ..observations::Filter::default()
    };
    let assessment = observations::find(tx, &filter).await?.pop();
    let order = match report.order_id {
        Some(order_id) => {
            let filter = orders::Filter {
                window: of(order_id),
                ..orders::Filter::default()
            };
            orders::find(tx, &filter).await?.pop()
        }
        None => None,
    };
    Ok(Some(CaseResult {
        report,
        patient,
        assessment,
        order,
        review,
    }))
}

/// Queues what other systems are told of a result that was signed or changed; in the transaction of the signature.
///
/// # Errors
/// When the database does not answer.
pub async fn announce(tx: &mut ActorTx, report_id: ReportId) -> Result<(), DbError> {
    hl7::queue_result(tx, report_id).await?;
    dicom_routes::queue_result(tx, report_id).await?;
    subscriptions::queue(tx, report_id).await
}

/// Tells tech that a system did not take a result for days, in the transaction that gives the job up.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_of_failure(tx: &mut ActorTx, report_id: Option<ReportId>) -> Result<(), DbError> {
    let tech = notifications::active_tech(tx).await?;
    let message = Message {
        kind: "result_not_sent",
        priority: NotificationPriority::High,
        title: "A signed result was not sent",
        message: "A receiver of results has not taken one for days. The job list says which and why; send it again from \
                  there.",
        action_url: Some("/jobs".to_owned()),
        related_report_id: report_id,
    };
    notifications::send(tx, &tech, &message).await
}
