//! Orders: where one stands, and how soon it is wanted.

use crate::OrderId;

crate::text_enum! {
    /// Where an order stands.
    OrderStatus("status of an order") {
        /// It is not to be acted on yet.
        Draft = "draft",
        /// The examination is to be made.
        Active = "active",
        /// It has been made.
        Completed = "completed",
        /// It is not to be made.
        Revoked = "revoked",
    }
}

crate::text_enum! {
    /// How soon an examination is wanted.
    OrderPriority("priority of an order") {
        /// As usual.
        Routine = "routine",
        /// Before the usual ones.
        Urgent = "urgent",
        /// As soon as possible.
        Asap = "asap",
        /// At once.
        Stat = "stat",
    }
}

impl OrderStatus {
    /// Whether what was said last may follow: what is over does not begin again.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Draft | Self::Active, _)
            | (Self::Completed, Self::Completed)
            | (Self::Revoked, Self::Revoked) => true,
            (Self::Completed | Self::Revoked, _) => false,
        }
    }
}

/// What UIDs made from UUIDs begin with (PS3.5 section B.2).
const UID_OF_UUID: &str = "2.25.";

impl OrderId {
    /// The Study Instance UID of the examination that is ordered, which a modality gives its films. It is the identifier
    /// itself, so that it is the same whenever it is asked for.
    #[must_use]
    pub fn study_uid(self) -> String {
        format!("{UID_OF_UUID}{}", self.0.as_u128())
    }

    /// The order that a Study Instance UID would be of.
    #[must_use]
    pub fn of_study_uid(uid: &str) -> Option<Self> {
        let number = uid.strip_prefix(UID_OF_UUID)?;
        let is_written_so = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u128 = number.parse().ok().filter(|_| is_written_so)?;
        Some(Self(uuid::Uuid::from_u128(number)))
    }

    /// A number of 16 characters for the step and the procedure that are scheduled: the half of the identifier that is
    /// random.
    #[must_use]
    pub fn step_number(self) -> String {
        let (_, random) = self.0.as_u64_pair();
        format!("{random:016X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_has_the_number_of_its_order() {
        let id: OrderId = "0199f8a0-1c2b-7d3e-8f40-5162738495a6".parse().unwrap();
        assert_eq!(OrderId::of_study_uid(&id.study_uid()), Some(id));
        assert!(id.study_uid().len() <= 64);
        assert_eq!(id.step_number(), "8F405162738495A6");
        for uid in ["", "1.2.3", "2.25.", "2.25.x", "2.25.+5", "2.25.1.2"] {
            assert_eq!(OrderId::of_study_uid(uid), None, "{uid}");
        }
    }

    #[test]
    fn what_is_over_does_not_begin_again() {
        for from in OrderStatus::ALL {
            assert!(from.may_become(*from));
        }
        assert!(OrderStatus::Draft.may_become(OrderStatus::Active));
        assert!(!OrderStatus::Revoked.may_become(OrderStatus::Active));
        assert!(!OrderStatus::Completed.may_become(OrderStatus::Revoked));
    }
}
