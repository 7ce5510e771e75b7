//! A doctor's review: urgency, and what a complete one holds.

crate::text_enum! {
    /// How soon somebody must act on the finding.
    UrgencyLevel("urgency level") {
        /// Nothing out of the ordinary.
        Routine = "routine",
        /// Look again on a date.
        FollowUp = "follow_up",
        /// Act today.
        Urgent = "urgent",
        /// Act now.
        Critical = "critical",
    }
}

crate::text_enum! {
    /// How a notification asks for attention.
    NotificationPriority("notification priority") {
        /// When there is time.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// Soon.
        High = "high",
        /// At once.
        Urgent = "urgent",
    }
}

impl UrgencyLevel {
    /// The priority of the notifications about a review of this urgency.
    #[must_use]
    pub const fn notification_priority(self) -> NotificationPriority {
        match self {
            Self::Routine => NotificationPriority::Normal,
            Self::FollowUp => NotificationPriority::High,
            Self::Urgent | Self::Critical => NotificationPriority::Urgent,
        }
    }
}
