//! Why a film is not stored, in DICOM's numbers.

/// Why an instance is not stored (PS3.18 table I.2-2, PS3.4 table B.2-1), by the words of this room.
pub const FAILURES: &[(&str, u16)] = &[
    // Out of resources.
    ("busy", 0xA700),
    ("storage_failed", 0xA700),
    ("timed_out", 0xA700),
    ("too_large", 0xA700),
    ("too_many_pixels", 0xA700),
    // The data set does not match its SOP class.
    ("frame_out_of_range", 0xA900),
    ("missing_attribute", 0xA900),
    ("no_pixel_data", 0xA900),
    ("unsupported_pixels", 0xA900),
    // It cannot be understood.
    ("corrupt", 0xC000),
    ("decoder_failed", 0xC000),
    ("encode_failed", 0xC000),
    ("truncated", 0xC000),
    // The SOP class is not stored here: it is no image.
    ("not_an_image", 0x0122),
    ("unsupported_transfer_syntax", 0xC122),
    // Whose film it is has to be found out first, or it is another study's.
    ("duplicate_of_other_patient", 0x0110),
    ("identity_conflict", 0x0110),
    ("other_study", 0x0110),
    ("patient_missing", 0x0110),
    ("patient_not_matched", 0x0110),
    ("patient_unknown", 0x0110),
    ("study_of_other_patient", 0x0110),
];
/// The number for a word; that of a failure in general for one that is not listed.
#[must_use]
pub fn failure_reason(code: &str) -> u16 {
    FAILURES
        .iter()
        .find(|(word, _)| *word == code)
        .map_or(0x0110, |(_, reason)| *reason)
}

#[cfg(test)]
mod tests {
    use super::FAILURES;

    #[test]
    fn every_word_of_this_room_has_a_reason_and_no_other_word_has() {
        let mut words: Vec<&str> = FAILURES.iter().map(|(code, _)| *code).collect();
        words.sort_unstable();
        let mut known = crate::FILE_CODES.to_vec();
        known.sort_unstable();
        assert_eq!(words, known);
    }
}
