//! Texts to look for.

/// A text as `LIKE` takes it literally: `%` and `_` stand for themselves.
pub(crate) fn literal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn wildcards_stand_for_themselves() {
        assert_eq!(super::literal(r"50%_a\b"), r"50\%\_a\\b");
    }
}
