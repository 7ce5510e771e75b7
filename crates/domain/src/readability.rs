//! How hard a text is to read, by formula: words and sentences are counted, nothing is understood.
//!
//! Syllables are counted by groups of vowels, which is right for most words of both languages and off
//! by one for some; over a whole text it evens out.

/// What is counted in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counts {
    sentences: f64,
    words: f64,
    syllables: f64,
    /// Words of three syllables or more.
    long_words: f64,
    /// Words of one syllable.
    short_words: f64,
    /// Words of more than six letters.
    wide_words: f64,
}

/// The grade of an American school from which an English text can be read: Flesch-Kincaid, 0.39 words a
/// sentence + 11.8 syllables a word - 15.59 (Kincaid et al. 1975, Naval Technical Training Command,
/// Research Branch Report 8-75). 0 without words.
#[must_use]
pub fn flesch_kincaid_grade(text: &str) -> f64 {
    let counts = count(text, english_syllables);
    if counts.words == 0.0 {
        return 0.0;
    }
    0.39 * counts.words / counts.sentences + 11.8 * counts.syllables / counts.words - 15.59
}

/// The school year from which a German text can be read: first Wiener Sachtextformel, 0.1935 × percent of
/// words with three syllables or more + 0.1672 × words a sentence + 0.1297 × percent of words of more than
/// six letters - 0.0327 × percent of words of one syllable - 0.875 (Bamberger and Vanecek 1984, Lesen –
/// Verstehen – Lernen – Schreiben, Vienna). 0 without words.
#[must_use]
pub fn wiener_sachtextformel(text: &str) -> f64 {
    let counts = count(text, german_syllables);
    if counts.words == 0.0 {
        return 0.0;
    }
    let percent = |part: f64| 100.0 * part / counts.words;
    0.1935 * percent(counts.long_words)
        + 0.1672 * counts.words / counts.sentences
        + 0.1297 * percent(counts.wide_words)
        - 0.0327 * percent(counts.short_words)
        - 0.875
}

fn count(text: &str, syllables: fn(&str) -> usize) -> Counts {
    let mut counts = Counts::default();
    let mut open = false;
    for token in text.split_whitespace() {
        let word = letters(token);
        if !word.is_empty() {
            // "X-ray" is one word of two syllables.
            let parts: usize = token
                .split('-')
                .map(letters)
                .filter(|part| !part.is_empty())
                .map(|part| syllables(&part).max(1))
                .sum();
            counts.words += 1.0;
            counts.syllables += parts as f64;
            counts.long_words += f64::from(u8::from(parts >= 3));
            counts.short_words += f64::from(u8::from(parts == 1));
            counts.wide_words += f64::from(u8::from(word.chars().count() > 6));
            open = true;
        }
        // A title's point ends no sentence.
        let end = token.trim_end_matches(['"', '”', '“', ')', '’']);
        if open && end.ends_with(['.', '!', '?', ':', ';']) && word != "dr" && word != "prof" {
            counts.sentences += 1.0;
            open = false;
        }
    }
    if open {
        counts.sentences += 1.0;
    }
    counts
}

/// The letters of a word in lower case.
fn letters(token: &str) -> String {
    token
        .chars()
        .filter(|letter| letter.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}

fn groups(word: &str, vowels: &str) -> usize {
    let mut inside = false;
    let mut groups = 0;
    for letter in word.chars() {
        let vowel = vowels.contains(letter);
        groups += usize::from(vowel && !inside);
        inside = vowel;
    }
    groups
}

fn english_syllables(word: &str) -> usize {
    let mut parts = groups(word, "aeiouy");
    let silent = (word.ends_with('e') && !word.ends_with("le"))
        || (word.ends_with("ed") && !word.ends_with("ted") && !word.ends_with("ded"))
        || (word.ends_with("es")
            && !["ses", "zes", "ches", "shes", "xes", "ges", "ces"]
                .iter()
                .any(|end| word.ends_with(end)));
    if silent && parts > 1 {
        parts -= 1;
    }
    parts
}

fn german_syllables(word: &str) -> usize {
    // Two vowels that are spoken as two, such as in "Linie" or "sehen", are rare enough to leave out.
    groups(word, "aeiouyäöü")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_of_words_that_results_use() {
        for (word, parts) in [
            ("the", 1),
            ("doctor", 2),
            ("has", 1),
            ("read", 1),
            ("ray", 1),
            ("computer", 3),
            ("needed", 2),
            ("looked", 1),
            ("people", 2),
            ("emergency", 4),
            ("number", 2),
            ("please", 1),
            ("picture", 2),
            ("notices", 3),
            ("times", 1),
        ] {
            assert_eq!(english_syllables(word), parts, "{word}");
        }
        for (word, parts) in [
            ("bild", 1),
            ("röntgenbild", 3),
            ("ärztin", 2),
            ("programm", 2),
            ("kontrolle", 3),
            ("heute", 2),
            ("gesehen", 2 + 1),
        ] {
            assert_eq!(german_syllables(word), parts, "{word}");
        }
    }

    #[test]
    fn the_formulas_by_hand() {
        // 6 words, 1 sentence, 6 syllables.
        let simple = flesch_kincaid_grade("The cat sat on the mat.");
        assert!(
            (simple - (0.39 * 6.0 + 11.8 - 15.59)).abs() < 1e-9,
            "{simple}"
        );
        // 4 words in 2 sentences: "Programm" is wide, nothing has three syllables, three have one.
        let german = wiener_sachtextformel("Das Programm. Ein Bild.");
        let expected = 0.1672 * 2.0 + 0.1297 * 25.0 - 0.0327 * 75.0 - 0.875;
        assert!((german - expected).abs() < 1e-9, "{german}");
        assert_eq!(flesch_kincaid_grade("  "), 0.0);
    }

    #[test]
    fn hard_texts_are_hard() {
        let hard = "Radiographic opacification of the inferior pulmonary parenchyma necessitates \
                    immediate multidisciplinary evaluation.";
        assert!(flesch_kincaid_grade(hard) > 15.0);
        let schwer = "Die röntgenologische Verschattung des Lungenparenchyms erfordert eine unverzügliche \
                      interdisziplinäre Abklärung.";
        assert!(wiener_sachtextformel(schwer) > 12.0);
    }

    #[test]
    fn a_title_ends_no_sentence() {
        assert_eq!(
            count("Dr. Weber has read it. Good.", english_syllables).sentences,
            2.0
        );
    }
}
