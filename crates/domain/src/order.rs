//! Orders: where one stands, and how soon it is wanted.

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

#[cfg(test)]
mod tests {
    use super::*;

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
