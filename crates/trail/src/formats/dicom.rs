//! DICOM audit messages (PS3.15, A.5.1): one XML document a row, without line breaks.

use std::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::SecondsFormat;
use db::audit_seals::TrailRow;

use super::meaning;

/// Text for an attribute: what XML cannot hold becomes a question mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(character));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('?'),
            other => out.push(other),
        }
    }
    out
}

/// The row as an audit message.
#[must_use]
pub fn audit_message(row: &TrailRow, site: &str) -> String {
    let (code, kind) = meaning::of(&row.action);
    let mut xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="{kind}" EventDateTime="{}" EventOutcomeIndicator="{}"><EventID csd-code="{}" codeSystemName="DCM" originalText="{}"/><EventTypeCode csd-code="{}" codeSystemName="medical-portal" originalText="{}"/>"#,
        row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        meaning::outcome(&row.status),
        code.code,
        code.meaning,
        escaped(&row.action),
        escaped(&row.action),
    );
    if let Some(message) = row
        .error_message
        .as_ref()
        .filter(|message| !message.is_empty())
    {
        let _ = write!(
            xml,
            "<EventOutcomeDescription>{}</EventOutcomeDescription>",
            escaped(message)
        );
    }
    xml.push_str("</EventIdentification>");
    let role = row.user_role.as_deref().unwrap_or("unknown");
    let user = row
        .user_id
        .map_or_else(|| role.to_owned(), |id| id.to_string());
    let _ = write!(
        xml,
        r#"<ActiveParticipant UserID="{}" UserIsRequestor="true""#,
        escaped(&user)
    );
    if let Some(address) = &row.ip_address {
        let address = address.split('/').next().unwrap_or(address);
        let _ = write!(
            xml,
            r#" NetworkAccessPointID="{}" NetworkAccessPointTypeCode="2""#,
            escaped(address)
        );
    }
    let _ = write!(
        xml,
        r#"><RoleIDCode csd-code="{0}" codeSystemName="medical-portal" originalText="{0}"/></ActiveParticipant>"#,
        escaped(role)
    );
    let _ = write!(
        xml,
        r#"<AuditSourceIdentification AuditEnterpriseSiteID="{}" AuditSourceID="medical-portal"><AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification>"#,
        escaped(site)
    );
    object(row, &mut xml);
    xml.push_str("</AuditMessage>");
    xml
}

fn object(row: &TrailRow, xml: &mut String) {
    let (kind, role) = match row.entity_type.as_str() {
        "patient" => ("1", "1"),
        "user" | "session" => ("1", "11"),
        "report" => ("2", "3"),
        _ => ("2", "4"),
    };
    let id = row
        .entity_id
        .map_or_else(|| row.log_id.to_string(), |id| id.to_string());
    let _ = write!(
        xml,
        r#"<ParticipantObjectIdentification ParticipantObjectID="{id}" ParticipantObjectTypeCode="{kind}" ParticipantObjectTypeCodeRole="{role}"><ParticipantObjectIDTypeCode csd-code="{0}" codeSystemName="medical-portal" originalText="{0}"/><ParticipantObjectName>{0}</ParticipantObjectName>"#,
        escaped(&row.entity_type)
    );
    for (name, text) in [
        ("log_id", Some(row.log_id.to_string())),
        ("old_values", row.old_values.clone()),
        ("new_values", row.new_values.clone()),
        ("user_agent", row.user_agent.clone()),
    ] {
        if let Some(text) = text {
            let _ = write!(
                xml,
                r#"<ParticipantObjectDetail type="{name}" value="{}"/>"#,
                BASE64_STANDARD.encode(text)
            );
        }
    }
    xml.push_str("</ParticipantObjectIdentification>");
}
