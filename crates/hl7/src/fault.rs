//! Why a message is not taken, in the words of an acknowledgement (table 0357).

use db::DbError;
use intake::records::RecordError;

use crate::message::MessageError;

/// What is wrong with a message, and where. The text never repeats what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `AE`: the message is at fault. `AR`: it is not for us, or we cannot now.
    pub(crate) answer: &'static str,
    /// Table 0357.
    pub(crate) code: &'static str,
    /// Segment, and field where there is one, as `PID-3`.
    pub(crate) at: Option<&'static str>,
    pub(crate) detail: String,
}

impl Fault {
    fn new(answer: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            answer,
            code,
            at: None,
            detail: detail.into(),
        }
    }

    pub(crate) fn missing_segment(name: &'static str) -> Self {
        Self::new("AE", "100", format!("the segment {name} is wanted")).at(name)
    }

    pub(crate) fn missing(at: &'static str, detail: &str) -> Self {
        Self::new("AE", "101", format!("{at}: {detail}")).at(at)
    }

    pub(crate) fn malformed(at: &'static str, detail: &str) -> Self {
        Self::new("AE", "102", format!("{at}: {detail}")).at(at)
    }

    pub(crate) fn unknown_word(at: &'static str, detail: &str) -> Self {
        Self::new("AE", "103", format!("{at}: {detail}")).at(at)
    }

    pub(crate) fn unknown_key(at: &'static str, detail: &str) -> Self {
        Self::new("AE", "204", format!("{at}: {detail}")).at(at)
    }

    pub(crate) fn conflict(at: &'static str, detail: &str) -> Self {
        Self::new("AE", "205", format!("{at}: {detail}")).at(at)
    }

    /// Not for us: `code` says whether the message, event, processing or version.
    pub(crate) fn rejected(code: &'static str, at: &'static str, detail: &str) -> Self {
        Self::new("AR", code, format!("{at}: {detail}")).at(at)
    }

    /// We cannot now: the sender may try again.
    pub(crate) fn internal() -> Self {
        Self::new(
            "AR",
            "207",
            "it cannot be kept now: nothing was changed; send it again",
        )
    }

    fn at(self, at: &'static str) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }
}

impl From<MessageError> for Fault {
    fn from(error: MessageError) -> Self {
        Self::new("AR", "100", error.to_string())
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        tracing::error!(%error, "a message could not be kept");
        Self::internal()
    }
}

impl From<RecordError> for Fault {
    fn from(error: RecordError) -> Self {
        let detail = error.to_string();
        match error {
            RecordError::Db(error) => error.into(),
            RecordError::BornInFuture(_) => Self::malformed("PID-7", "is in the future"),
            RecordError::NumberOfAnother | RecordError::NumbersOfSeveral => {
                Self::conflict("PID-3", &format!("{detail}: a person has to look"))
            }
            RecordError::OrderNumberTaken => Self::conflict("ORC-2", &detail),
            RecordError::AccessionNumberTaken => Self::conflict("OBR-18", &detail),
            RecordError::OrderOfOtherPatient => {
                Self::conflict("ORC-2", &format!("{detail}: cancel it, and order anew"))
            }
            RecordError::OrderIsOver { .. } => Self::conflict("ORC-1", &detail),
            error => {
                tracing::error!(%error, "a message could not be kept");
                Self::internal()
            }
        }
    }
}
