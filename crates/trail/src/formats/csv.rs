//! Comma-separated values.

use chrono::SecondsFormat;
use db::audit_seals::TrailRow;

pub(super) const HEAD: [&str; 13] = [
    "log_id",
    "created_at",
    "user_id",
    "user_role",
    "action",
    "entity_type",
    "entity_id",
    "ip_address",
    "user_agent",
    "old_values",
    "new_values",
    "status",
    "error_message",
];

/// A field; what a spreadsheet would take for a formula is led by an apostrophe.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

pub(super) fn line(row: &TrailRow) -> String {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.log_id.to_string(),
        row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        id(row.user_id),
        text(&row.user_role),
        row.action.clone(),
        row.entity_type.clone(),
        id(row.entity_id),
        text(&row.ip_address),
        text(&row.user_agent),
        text(&row.old_values),
        text(&row.new_values),
        row.status.clone(),
        text(&row.error_message),
    ]
    .map(|text| field(&text))
    .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formula_comes_through() {
        assert_eq!(field("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
        assert_eq!(field("=cmd()"), "'=cmd()");
        assert_eq!(field("plain"), "plain");
    }
}
