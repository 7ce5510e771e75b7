//! Consents: for what a hospital asks patients, in which words, and what holds where nobody was asked.

use std::collections::BTreeMap;

use crate::Language;

/// The kind that decides whether a patient's films leave for training.
pub const TRAINING: &str = "training";

/// Something that patients are asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentKind {
    /// Its word: small letters, digits and `_`.
    pub kind: String,
    /// Which version of the words this is; a new text wants a new one.
    pub version: String,
    /// A headline, by language; `en` at least.
    pub title: BTreeMap<Language, String>,
    /// What is asked, by language; `en` at least.
    pub text: BTreeMap<Language, String>,
}

impl ConsentKind {
    /// What is asked, in a language; in English where it is not written in that one.
    #[must_use]
    pub fn wording(&self, language: Language) -> &str {
        self.text
            .get(&language)
            .or_else(|| self.text.get(&Language::En))
            .map_or("", String::as_str)
    }
}

/// What patients are asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentPolicy {
    /// The kinds, in the order in which they are shown.
    pub kinds: Vec<ConsentKind>,
    /// Whether films leave for training only of patients who consented (true), or also of those who never said anything
    /// (false). Whoever withdrew is left out in any case.
    pub training_needs_consent: bool,
}

impl Default for ConsentPolicy {
    fn default() -> Self {
        let texts = |en: &str, de: &str| {
            BTreeMap::from([(Language::En, en.to_owned()), (Language::De, de.to_owned())])
        };
        Self {
            kinds: vec![ConsentKind {
                kind: TRAINING.to_owned(),
                version: "1".to_owned(),
                title: texts("Films for training", "Aufnahmen für das Training"),
                text: texts(
                    "My X-ray films, without my name and dates, may be used to train and improve the computer program that helps doctors read films. I can take this back at any time. It changes nothing in my care.",
                    "Meine Röntgenbilder dürfen ohne meinen Namen und ohne Daten benutzt werden, um das Programm zu trainieren und zu verbessern, das beim Befunden hilft. Ich kann das jederzeit zurücknehmen. An meiner Behandlung ändert es nichts.",
                ),
            }],
            training_needs_consent: true,
        }
    }
}

impl ConsentPolicy {
    /// The kind of this word.
    #[must_use]
    pub fn kind(&self, word: &str) -> Option<&ConsentKind> {
        self.kinds.iter().find(|kind| kind.kind == word)
    }

    /// Whether every kind is one that can be asked for.
    ///
    /// # Errors
    /// Says what is wanted.
    pub fn check(&self) -> Result<(), String> {
        if self.kinds.len() > 20 {
            return Err("at most 20 kinds".to_owned());
        }
        for (at, kind) in self.kinds.iter().enumerate() {
            let word = &kind.kind;
            let fine = (1..=40).contains(&word.len())
                && word.starts_with(|letter: char| letter.is_ascii_lowercase())
                && word.chars().all(|letter| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
                });
            if !fine {
                return Err(format!(
                    "'{word}' is not a kind: 1 to 40 small letters, digits and _, a letter first"
                ));
            }
            if self.kinds[..at].iter().any(|other| other.kind == *word) {
                return Err(format!("{word} is there twice"));
            }
            if !(1..=40).contains(&kind.version.chars().count()) {
                return Err(format!("{word} needs a version of 1 to 40 characters"));
            }
            for (what, texts, most) in [("title", &kind.title, 200), ("text", &kind.text, 4000)] {
                let written = texts
                    .get(&Language::En)
                    .is_some_and(|text| !text.trim().is_empty());
                if !written || texts.values().any(|text| text.chars().count() > most) {
                    return Err(format!(
                        "{word} needs a {what} in en, of at most {most} characters"
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_a_word_of_its_own_and_is_written_in_english() {
        let policy = |change: fn(&mut ConsentKind)| {
            let mut policy = ConsentPolicy::default();
            change(&mut policy.kinds[0]);
            policy.check()
        };
        assert_eq!(policy(|_| ()), Ok(()));
        assert!(policy(|kind| kind.kind = "Training".to_owned()).is_err());
        assert!(policy(|kind| kind.kind = String::new()).is_err());
        assert!(policy(|kind| kind.version = String::new()).is_err());
        assert!(policy(|kind| drop(kind.text.remove(&Language::En))).is_err());
        assert!(policy(|kind| drop(kind.text.remove(&Language::De))).is_ok());
        let mut twice = ConsentPolicy::default();
        twice.kinds.push(twice.kinds[0].clone());
        assert!(twice.check().is_err());
    }

    #[test]
    fn english_is_shown_where_a_language_lacks_the_text() {
        let mut kind = ConsentPolicy::default().kinds.remove(0);
        assert!(kind.wording(Language::De).starts_with("Meine"));
        kind.text.remove(&Language::De);
        assert!(kind.wording(Language::De).starts_with("My X-ray"));
    }
}
