//! One macro for the enumerations that are stored as text: the spelling in the database, in JSON
//! and in an error message is the same word.

/// A word that is not one of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{found}' is not {} {what}: expected one of {expected}", article(.what))]
pub struct UnknownWord {
    /// What was wanted, such as "role".
    pub what: &'static str,
    /// The word that was given.
    pub found: String,
    /// The accepted words, separated by commas.
    pub expected: String,
}

/// The article that goes before a word.
fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// Declares an enumeration whose variants are words (string literals, taken as `tt` because utoipa
/// cannot read one that is wrapped as `literal`), with `as_str`, `FromStr`, `Display`, serde
/// and OpenAPI schema all spelled alike.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident ($what:literal) { $($(#[$vmeta:meta])* $variant:ident = $word:tt),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as stored in the database and sent in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text_enum::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::text_enum::UnknownWord {
                        what: $what,
                        found: other.to_owned(),
                        expected: [$($word),+].join(", "),
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text_enum::UnknownWord;
            fn try_from(word: String) -> Result<Self, Self::Error> {
                word.parse()
            }
        }

        #[cfg(feature = "sqlx")]
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }
            fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(ty)
            }
        }

        #[cfg(feature = "sqlx")]
        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let word = <&str as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)?;
                Ok(word.parse()?)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use crate::{ImageFormat, UrgencyLevel};

    /// The words of an enumeration in the OpenAPI document.
    fn documented<T: PartialSchema>() -> serde_json::Value {
        serde_json::to_value(T::schema()).unwrap()["enum"].clone()
    }

    #[test]
    fn a_wrong_word_is_refused_in_good_grammar() {
        let wrong = "soon".parse::<UrgencyLevel>().unwrap_err().to_string();
        assert!(wrong.starts_with("'soon' is not an urgency level: expected one of routine,"));
        let wrong = "grave"
            .parse::<crate::RiskCategory>()
            .unwrap_err()
            .to_string();
        assert!(wrong.starts_with("'grave' is not a risk"), "{wrong}");
    }

    #[test]
    fn the_document_the_json_and_the_database_spell_alike() {
        let levels = ["routine", "follow_up", "urgent", "critical"];
        assert_eq!(documented::<UrgencyLevel>(), serde_json::json!(levels));
        assert_eq!(
            documented::<ImageFormat>(),
            serde_json::json!(["DICOM", "PNG", "JPEG"])
        );
        for (level, word) in UrgencyLevel::ALL.iter().zip(levels) {
            assert_eq!(serde_json::to_value(level).unwrap(), word);
            assert_eq!(word.parse(), Ok(*level));
        }
    }
}
