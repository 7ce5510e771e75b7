//! Patients and orders that other systems send, whichever language they speak (FHIR, HL7 v2): each is made or changed once,
//! with what the trail says of it, in the sender's transaction. The same again is no change.

mod order;
mod patient;

use chrono::NaiveDate;
use db::DbError;
use domain::order::OrderStatus;
use serde_json::Value;

pub use crate::matching::same_name as is_same_name;
pub use order::{change as change_order, order_by_number, place as place_order};
pub use patient::{
    SentPatient, correct as correct_patient, owner_of_numbers, register as register_patient,
};

/// Why a patient or an order is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The database did not take it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The patient is not there, or not to be seen.
    #[error("there is no such patient")]
    Gone,
    /// Born after today.
    #[error("the birth date {0} is in the future")]
    BornInFuture(NaiveDate),
    /// Another patient has one of the numbers.
    #[error("another patient has one of these numbers")]
    NumberOfAnother,
    /// The numbers are of several patients.
    #[error("these numbers belong to several patients")]
    NumbersOfSeveral,
    /// Another order has the number of whoever ordered.
    #[error("there is another order with this number")]
    OrderNumberTaken,
    /// Another order has the accession number.
    #[error("there is another order with this accession number")]
    AccessionNumberTaken,
    /// The order is for somebody else.
    #[error("this order is another patient's")]
    OrderOfOtherPatient,
    /// The order is over.
    #[error("this order is {is}, and does not become {wanted}")]
    OrderIsOver {
        /// Where it stands.
        is: OrderStatus,
        /// What it was to become.
        wanted: OrderStatus,
    },
}

/// What an audit row says of who sent something (`note`), with more.
fn with(note: &Value, more: Value) -> Value {
    let mut values = more;
    if let (Some(values), Some(note)) = (values.as_object_mut(), note.as_object()) {
        values.extend(note.clone());
    }
    values
}
