//! What things are called on the page, in each language.

use std::borrow::Cow;

use domain::{Language, Section};

/// A text of the page itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Head {
    Title,
    MadeAt,
    Released,
    Whole,
    Nothing,
    Yes,
    No,
}

pub(super) const fn head(text: Head, language: Language) -> &'static str {
    let (en, de) = match text {
        Head::Title => (
            "Everything stored about you",
            "Alles, was über Sie gespeichert ist",
        ),
        Head::MadeAt => ("Made", "Erstellt"),
        Head::Released => (
            "Results are in here once they have been released to you. The same data for programs is in data.json, the films are in the folder films.",
            "Ergebnisse stehen hier, sobald sie für Sie freigegeben sind. Dieselben Daten für Programme stehen in data.json, die Aufnahmen liegen im Ordner films.",
        ),
        Head::Whole => (
            "The whole record, with what has not been released yet. The same data for programs is in data.json, the films are in the folder films.",
            "Die ganze Akte, auch was noch nicht freigegeben ist. Dieselben Daten für Programme stehen in data.json, die Aufnahmen liegen im Ordner films.",
        ),
        Head::Nothing => ("Nothing is stored here.", "Hier ist nichts gespeichert."),
        Head::Yes => ("yes", "ja"),
        Head::No => ("no", "nein"),
    };
    match language {
        Language::En => en,
        Language::De => de,
    }
}

pub(super) const fn section(section: Section, language: Language) -> &'static str {
    let (en, de) = match section {
        Section::Account => ("Account", "Konto"),
        Section::Identifiers => ("Hospital numbers", "Nummern des Krankenhauses"),
        Section::History => ("Medical history", "Krankengeschichte"),
        Section::HistoryProposals => (
            "Proposed changes of the history",
            "Vorgeschlagene Änderungen der Krankengeschichte",
        ),
        Section::Orders => ("Examinations ordered", "Angeordnete Untersuchungen"),
        Section::Reports => ("Reports", "Berichte"),
        Section::Images => ("Films", "Aufnahmen"),
        Section::Priors => (
            "Earlier examinations in other archives",
            "Frühere Untersuchungen in anderen Archiven",
        ),
        Section::Analyses => ("What the program said", "Was das Programm sagte"),
        Section::NotAssessed => (
            "Not assessed by the program",
            "Vom Programm nicht beurteilt",
        ),
        Section::Reviews => ("Signed reviews", "Unterschriebene Befunde"),
        Section::Addenda => ("Notes added to reviews", "Nachträge zu Befunden"),
        Section::Releases => ("Releases", "Freigaben"),
        Section::Consents => ("Consents", "Einwilligungen"),
        Section::Corrections => ("Requests for correction", "Anträge auf Berichtigung"),
        Section::Accesses => ("Who looked at the record", "Wer die Akte angesehen hat"),
        Section::Notifications => ("Messages", "Nachrichten"),
        Section::Sessions => ("Sign-ins", "Anmeldungen"),
    };
    match language {
        Language::En => en,
        Language::De => de,
    }
}

/// Names of things as they are stored, and what they are called.
const FIELDS: &[(&str, &str, &str)] = &[
    (
        "accession_number",
        "Accession number",
        "Auftragsnummer der Radiologie",
    ),
    ("action", "What was done", "Was getan wurde"),
    ("addendum", "Note", "Nachtrag"),
    (
        "ai_accuracy_rating",
        "How well the program did (1 to 5)",
        "Bewertung des Programms (1 bis 5)",
    ),
    ("allergies", "Allergies", "Allergien"),
    (
        "analysis_date",
        "Assessed by the program",
        "Vom Programm beurteilt",
    ),
    (
        "analysis_id",
        "Identifier of the assessment",
        "Kennung der Beurteilung",
    ),
    ("answer", "Answer", "Antwort"),
    ("authored_at", "Ordered", "Angeordnet"),
    ("clinical_findings", "Findings", "Befund"),
    ("conditions", "Illnesses", "Erkrankungen"),
    (
        "confidence_score",
        "Confidence of the program",
        "Sicherheit des Programms",
    ),
    (
        "confirmed_ai_diagnosis",
        "The doctor agrees with the program",
        "Stimmt dem Programm zu",
    ),
    ("content", "Content", "Inhalt"),
    ("created_at", "Stored", "Gespeichert"),
    ("date_of_birth", "Date of birth", "Geburtsdatum"),
    ("decided_at", "Decided", "Entschieden"),
    ("decided_by_name", "Decided by", "Entschieden von"),
    (
        "dicom_metadata",
        "Header of the film",
        "Kopfdaten der Aufnahme",
    ),
    ("disagreed_at", "Disagreed", "Widersprochen"),
    (
        "disagreement",
        "Statement of disagreement",
        "Gegendarstellung",
    ),
    ("doctor_name", "Doctor", "Ärztin oder Arzt"),
    (
        "doctor_risk_assessment",
        "Risk, as the doctor signed it",
        "Risiko laut Befund",
    ),
    ("due_at", "To be decided by", "Zu entscheiden bis"),
    ("email", "E-mail address", "E-Mail-Adresse"),
    ("evidence", "How it is known", "Wie das bekannt ist"),
    (
        "family_history",
        "Illnesses in the family",
        "Erkrankungen in der Familie",
    ),
    ("file", "File", "Datei"),
    ("file_size", "Size in bytes", "Größe in Bytes"),
    ("findings", "Findings", "Befund"),
    ("follow_up_date", "Follow-up on", "Kontrolle am"),
    ("follow_up_required", "Follow-up needed", "Kontrolle nötig"),
    ("gender", "Sex", "Geschlecht"),
    ("height", "Height in pixels", "Höhe in Pixeln"),
    (
        "high_probability",
        "Probability of high risk",
        "Wahrscheinlichkeit für hohes Risiko",
    ),
    ("identifier", "Number", "Nummer"),
    ("image_format", "Format", "Format"),
    ("image_id", "Identifier of the film", "Kennung der Aufnahme"),
    ("image_metadata", "About the films", "Zu den Aufnahmen"),
    ("image_type", "Kind of film", "Art der Aufnahme"),
    ("ip_address", "Network address", "Netzadresse"),
    ("is_active", "Account in use", "Konto in Benutzung"),
    ("is_given", "Consent given", "Eingewilligt"),
    ("is_read", "Read", "Gelesen"),
    ("issuer", "Issued by", "Vergeben von"),
    ("kind", "Kind", "Art"),
    ("last_activity", "Last used", "Zuletzt benutzt"),
    ("last_login_at", "Last sign-in", "Letzte Anmeldung"),
    ("lifestyle", "Way of life", "Lebensweise"),
    ("login_time", "Signed in", "Angemeldet"),
    ("logout_time", "Signed out", "Abgemeldet"),
    (
        "low_probability",
        "Probability of low risk",
        "Wahrscheinlichkeit für niedriges Risiko",
    ),
    (
        "made_by_name",
        "Entered by staff",
        "Vom Personal eingetragen",
    ),
    (
        "medical_history",
        "Medical history at the time",
        "Krankengeschichte zu dieser Zeit",
    ),
    (
        "medication_prescribed",
        "Medication prescribed",
        "Verordnete Medikamente",
    ),
    ("medications", "Medication", "Medikamente"),
    (
        "medium_probability",
        "Probability of medium risk",
        "Wahrscheinlichkeit für mittleres Risiko",
    ),
    ("message", "Text", "Text"),
    ("modality", "Kind of device", "Art des Geräts"),
    (
        "model_version",
        "Version of the program's model",
        "Fassung des Modells",
    ),
    ("name", "Name", "Name"),
    ("note", "Note", "Bemerkung"),
    (
        "order_id",
        "Identifier of the order",
        "Kennung der Anordnung",
    ),
    ("patient_age", "Age", "Alter"),
    ("patient_gender", "Sex", "Geschlecht"),
    ("patient_name", "Name on the report", "Name im Bericht"),
    ("phone", "Telephone", "Telefon"),
    (
        "placer_issuer",
        "Number of the order given by",
        "Nummer der Anordnung vergeben von",
    ),
    (
        "placer_number",
        "Number of the order",
        "Nummer der Anordnung",
    ),
    ("preferences", "Preferences", "Einstellungen"),
    (
        "previous_procedures",
        "Earlier procedures",
        "Frühere Eingriffe",
    ),
    ("priority", "Urgency", "Dringlichkeit"),
    (
        "procedure_code",
        "Code of the examination",
        "Schlüssel der Untersuchung",
    ),
    (
        "procedure_system",
        "System of that code",
        "System dieses Schlüssels",
    ),
    ("procedure_text", "Examination", "Untersuchung"),
    ("processed_at", "Assessed", "Beurteilt"),
    ("proposed_at", "Proposed", "Vorgeschlagen"),
    ("read_at", "Read", "Gelesen am"),
    ("reason", "Reason", "Grund"),
    ("recommendations", "Recommendations", "Empfehlungen"),
    ("recommended_action", "Recommended", "Empfohlen"),
    ("recorded_at", "Recorded", "Festgehalten"),
    (
        "recorded_by_name",
        "Recorded by staff",
        "Vom Personal festgehalten",
    ),
    ("release_at", "To be released", "Freigabe ab"),
    ("released_at", "Released", "Freigegeben"),
    (
        "report_id",
        "Identifier of the report",
        "Kennung des Berichts",
    ),
    ("requested_at", "Asked", "Beantragt"),
    (
        "requested_by_name",
        "Asked by staff",
        "Vom Personal beantragt",
    ),
    ("requester", "Ordered by", "Angeordnet von"),
    (
        "review_id",
        "Identifier of the review",
        "Kennung des Befunds",
    ),
    (
        "review_notes",
        "Notes of the review",
        "Anmerkungen zum Befund",
    ),
    ("reviewed_at", "Signed", "Unterschrieben"),
    (
        "risk_category",
        "Risk, as the program said",
        "Risiko laut Programm",
    ),
    (
        "risk_probability",
        "Probability, as the program said",
        "Wahrscheinlichkeit laut Programm",
    ),
    ("risk_score", "Risk", "Risiko"),
    ("role", "Kind of account", "Art des Kontos"),
    ("scheduled_at", "Planned for", "Geplant für"),
    ("sha256", "Checksum (SHA-256)", "Prüfsumme (SHA-256)"),
    ("staff_name", "By", "Von"),
    ("state", "State", "Stand"),
    ("station_ae_title", "Device", "Gerät"),
    ("status", "State", "Stand"),
    ("study_type", "Kind of study", "Art der Untersuchung"),
    ("subject", "About", "Betrifft"),
    ("symptoms", "Complaints", "Beschwerden"),
    ("text_version", "Version of the text", "Fassung des Textes"),
    ("title", "Headline", "Überschrift"),
    ("treatment_plan", "Treatment", "Behandlung"),
    ("type", "Kind", "Art"),
    ("updated_at", "Last changed", "Zuletzt geändert"),
    ("upload_date", "Sent in", "Eingegangen"),
    ("uploaded_at", "Sent in", "Eingegangen"),
    ("urgency_level", "Urgency", "Dringlichkeit"),
    ("user_agent", "Browser", "Browser"),
    ("user_role", "In the role", "In der Rolle"),
    ("width", "Width in pixels", "Breite in Pixeln"),
    ("wording", "What was asked", "Was gefragt wurde"),
    ("words", "Request", "Antrag"),
];

/// What something is called; its own name in plain letters where it has no other.
pub(super) fn field(name: &str, language: Language) -> Cow<'static, str> {
    match FIELDS.binary_search_by(|(each, ..)| each.cmp(&name)) {
        Ok(at) => Cow::Borrowed(match language {
            Language::En => FIELDS[at].1,
            Language::De => FIELDS[at].2,
        }),
        Err(_) => Cow::Owned(name.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_so_that_names_are_found() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, en, de) in FIELDS {
            assert_eq!(field(name, Language::En), *en);
            assert_eq!(field(name, Language::De), *de);
        }
        assert_eq!(field("exercise_a_week", Language::De), "exercise a week");
    }
}
