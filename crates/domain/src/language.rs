//! The languages in which the portal itself writes to people.

crate::text_enum! {
    /// Such a language.
    Language("language of the portal") {
        /// English.
        En = "en",
        /// German.
        De = "de",
    }
}

impl Language {
    /// The one that a profile's preferences name; English where they name none, or another.
    #[must_use]
    pub fn of_preferences(preferences: &serde_json::Value) -> Self {
        preferences["language"]
            .as_str()
            .and_then(|code| code.parse().ok())
            .unwrap_or(Self::En)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn english_stands_in_for_what_is_not_chosen_or_not_spoken() {
        assert_eq!(
            Language::of_preferences(&json!({ "language": "de" })),
            Language::De
        );
        assert_eq!(
            Language::of_preferences(&json!({ "language": "fr" })),
            Language::En
        );
        assert_eq!(Language::of_preferences(&json!(null)), Language::En);
    }
}
