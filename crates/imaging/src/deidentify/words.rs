//! The closed vocabulary of the Clean Descriptors Option: words of anatomy, projection and
//! technique, in English, German, French and Spanish. Anything else may be a name.

use std::collections::HashSet;
use std::sync::LazyLock;

const VOCABULARY: &str = include_str!("vocabulary.txt");

static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = VOCABULARY.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// The words of a text that are in the vocabulary and no name of the film; `None` when none is left.
pub(super) fn cleaned(text: &str, is_named: impl Fn(&str) -> bool) -> Option<String> {
    let parts = text.split(|character: char| !character.is_alphanumeric());
    let kept: Vec<&str> = parts
        .filter(|word| WORDS.contains(word.to_lowercase().as_str()) && !is_named(word))
        .collect();
    (!kept.is_empty()).then(|| kept.join(" "))
}
