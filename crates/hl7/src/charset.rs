//! In which character set a message is written: MSH-18 (table 0211).

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// A character set that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "MSH-18: this character set is not read here: send UNICODE UTF-8, ASCII, or 8859/1 to 8859/15"
)]
pub struct UnknownCharset;

/// A message's bytes as text. A message that names no character set is UTF-8 where it can be, and else Latin-1.
///
/// # Errors
/// [`UnknownCharset`], also for bytes that are none of the set they claim to be.
pub fn decode(bytes: &[u8]) -> Result<String, UnknownCharset> {
    let named = named(bytes);
    let encoding = match named.as_str() {
        "" | "ASCII" => {
            return Ok(std::str::from_utf8(bytes).map_or_else(
                |_| {
                    WINDOWS_1252
                        .decode_without_bom_handling(bytes)
                        .0
                        .into_owned()
                },
                ToOwned::to_owned,
            ));
        }
        "UNICODE UTF-8" | "UNICODE" | "UTF-8" | "UTF8" => UTF_8,
        "8859/1" => WINDOWS_1252,
        other => other
            .strip_prefix("8859/")
            .and_then(|part| Encoding::for_label(format!("iso-8859-{part}").as_bytes()))
            .ok_or(UnknownCharset)?,
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(std::borrow::Cow::into_owned).ok_or(UnknownCharset)
}

/// MSH-18, which is ASCII in every set that HL7 knows.
fn named(bytes: &[u8]) -> String {
    let header = bytes
        .split(|byte| *byte == b'\r' || *byte == b'\n')
        .find(|line| line.starts_with(b"MSH"));
    let Some((separator, rest)) = header.and_then(|header| header[3..].split_first()) else {
        return String::new();
    };
    // The first field after the separator is MSH-2.
    let field = rest.split(|byte| byte == separator).nth(16);
    let repetition = rest.get(1).copied().unwrap_or(b'~');
    let first = field
        .unwrap_or_default()
        .split(|byte| *byte == repetition)
        .next();
    String::from_utf8_lossy(first.unwrap_or_default())
        .trim()
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(charset: &str, name: &[u8]) -> Vec<u8> {
        let mut bytes =
            format!("MSH|^~\\&|A|B|C|D|20261126||ADT^A04|1|P|2.5|||||DE|{charset}\rPID|||1||")
                .into_bytes();
        bytes.extend_from_slice(name);
        bytes
    }

    #[test]
    fn names_are_read_in_the_set_that_the_sender_names() {
        let read = |charset: &str, name: &[u8]| {
            decode(&message(charset, name)).map(|text| text.rsplit('|').next().unwrap().to_owned())
        };
        assert_eq!(
            read("UNICODE UTF-8", "Müller".as_bytes()).unwrap(),
            "Müller"
        );
        assert_eq!(read("", "Müller".as_bytes()).unwrap(), "Müller");
        assert_eq!(read("", b"M\xfcller").unwrap(), "Müller");
        assert_eq!(read("8859/1", b"M\xfcller").unwrap(), "Müller");
        assert_eq!(
            read("8859/2", b"Nov\xe1kov\xe1 \xf8").unwrap(),
            "Nováková ř"
        );
        assert_eq!(read("8859/5", b"\xb8\xd2\xd0\xdd").unwrap(), "Иван");
        assert_eq!(read("8859/15~UNICODE", b"\xa4").unwrap(), "€");
        assert_eq!(read("UNICODE UTF-8", b"M\xfcller"), Err(UnknownCharset));
        assert_eq!(read("ISO IR87", b"x"), Err(UnknownCharset));
    }

    #[test]
    fn what_is_no_message_is_text_too() {
        for bytes in [&b""[..], b"MSH", b"MSH|", b"\xff\xfe", b"PID|1"] {
            decode(bytes).unwrap();
        }
    }
}
