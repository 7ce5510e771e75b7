//! What open screens are told: that something changed, never what it holds.

crate::text_enum! {
    /// A kind of change.
    EventKind("event kind") {
        /// The doctors' queue changed: a report came, was claimed, given back or signed.
        QueueChanged = "queue_changed",
        /// A report changed.
        ReportChanged = "report_changed",
        /// The user has a new notification.
        NotificationCreated = "notification_created",
        /// A model or a job changed.
        OperationsChanged = "operations_changed",
    }
}
