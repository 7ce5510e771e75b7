//! Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 section 6): bytes to Unicode, code extensions
//! with ISO 2022 escape sequences included.

use std::borrow::Cow;

use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, UTF_8, WINDOWS_874, WINDOWS_1254,
};

const ESCAPE: u8 = 0x1B;

/// A set of characters that bytes stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codes {
    /// ISO 646, the default repertoire.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// A single-byte set, ASCII in its lower half.
    Single(&'static Encoding),
    /// JIS X 0201: Roman below, half-width katakana above.
    JisX0201,
    /// JIS X 0208 in G0: two 7-bit bytes.
    JisX0208,
    /// JIS X 0212 in G0: two 7-bit bytes.
    JisX0212,
    /// KS X 1001 in G1: two bytes with the high bit set, ASCII below.
    KsX1001,
    /// GB 2312 in G1: two bytes with the high bit set, ASCII below.
    Gb2312,
    /// A whole encoding that allows no code extension: UTF-8, GB 18030, GBK.
    Whole(&'static Encoding),
}

impl Codes {
    /// By a defined term of (0008,0005).
    fn of_term(term: &str) -> Option<Self> {
        let term = term.trim().to_ascii_uppercase().replace(['_', '-'], " ");
        let number = term
            .strip_prefix("ISO 2022 IR ")
            .or_else(|| term.strip_prefix("ISO IR "));
        Some(match number.map_or(term.as_str(), str::trim) {
            "" | "6" => Self::Ascii,
            "100" => Self::Latin1,
            "101" => Self::Single(ISO_8859_2),
            "109" => Self::Single(ISO_8859_3),
            "110" => Self::Single(ISO_8859_4),
            "144" => Self::Single(ISO_8859_5),
            "127" => Self::Single(ISO_8859_6),
            "126" => Self::Single(ISO_8859_7),
            "138" => Self::Single(ISO_8859_8),
            "148" => Self::Single(WINDOWS_1254),
            "203" => Self::Single(ISO_8859_15),
            "166" => Self::Single(WINDOWS_874),
            "13" => Self::JisX0201,
            "87" => Self::JisX0208,
            "159" => Self::JisX0212,
            "149" => Self::KsX1001,
            "58" => Self::Gb2312,
            "192" => Self::Whole(UTF_8),
            "GB18030" => Self::Whole(GB18030),
            "GBK" => Self::Whole(GBK),
            _ => return None,
        })
    }

    /// By the bytes behind an escape; with the number of bytes that name it.
    fn of_escape(bytes: &[u8]) -> Option<(Self, usize)> {
        Some(match bytes {
            [b'$', b'(', b'D', ..] => (Self::JisX0212, 3),
            [b'$', b')', b'C', ..] => (Self::KsX1001, 3),
            [b'$', b')', b'A', ..] => (Self::Gb2312, 3),
            [b'$', b'B' | b'@', ..] => (Self::JisX0208, 2),
            [b'(', b'B', ..] => (Self::Ascii, 2),
            [b'(', b'J', ..] | [b')', b'I', ..] => (Self::JisX0201, 2),
            [b'-', b'A', ..] => (Self::Latin1, 2),
            [b'-', b'B', ..] => (Self::Single(ISO_8859_2), 2),
            [b'-', b'C', ..] => (Self::Single(ISO_8859_3), 2),
            [b'-', b'D', ..] => (Self::Single(ISO_8859_4), 2),
            [b'-', b'L', ..] => (Self::Single(ISO_8859_5), 2),
            [b'-', b'G', ..] => (Self::Single(ISO_8859_6), 2),
            [b'-', b'F', ..] => (Self::Single(ISO_8859_7), 2),
            [b'-', b'H', ..] => (Self::Single(ISO_8859_8), 2),
            [b'-', b'M', ..] => (Self::Single(WINDOWS_1254), 2),
            [b'-', b'T', ..] => (Self::Single(WINDOWS_874), 2),
            [b'-', b'b', ..] => (Self::Single(ISO_8859_15), 2),
            _ => return None,
        })
    }

    /// Whether the set fills G0, so that a byte like `\` may be half a character.
    fn fills_g0(self) -> bool {
        matches!(self, Self::JisX0208 | Self::JisX0212)
    }

    fn decode(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Ascii => match std::str::from_utf8(bytes) {
                Ok(text) => out.push_str(text),
                // High bytes without a declared set: Latin 1 loses nothing.
                Err(_) => out.extend(bytes.iter().map(|byte| char::from(*byte))),
            },
            Self::Latin1 => out.extend(bytes.iter().map(|byte| char::from(*byte))),
            Self::JisX0201 => out.extend(bytes.iter().map(|byte| {
                match byte {
                    0xA1..=0xDF => char::from_u32(0xFF61 + u32::from(*byte) - 0xA1)
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                    0x80..=0xFF => char::REPLACEMENT_CHARACTER,
                    _ => char::from(*byte),
                }
            })),
            Self::JisX0208 => {
                let euc: Vec<u8> = bytes.iter().map(|byte| byte | 0x80).collect();
                out.push_str(&EUC_JP.decode_without_bom_handling(&euc).0);
            }
            Self::JisX0212 => {
                let euc: Vec<u8> = bytes
                    .chunks(2)
                    .flat_map(|pair| {
                        std::iter::once(0x8F).chain(pair.iter().map(|byte| byte | 0x80))
                    })
                    .collect();
                out.push_str(&EUC_JP.decode_without_bom_handling(&euc).0);
            }
            Self::KsX1001 => out.push_str(&EUC_KR.decode_without_bom_handling(bytes).0),
            Self::Gb2312 => out.push_str(&GBK.decode_without_bom_handling(bytes).0),
            Self::Single(encoding) | Self::Whole(encoding) => {
                out.push_str(&encoding.decode_without_bom_handling(bytes).0);
            }
        }
    }
}

/// The character sets of one data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charset {
    first: Codes,
}

impl Default for Charset {
    fn default() -> Self {
        Self {
            first: Codes::Ascii,
        }
    }
}

impl Charset {
    /// From the bytes of (0008,0005). An unknown term counts as the default repertoire. Which
    /// further sets it lists does not matter: an escape sequence says which one it calls in.
    pub(crate) fn of(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        let first = text
            .trim_matches(['\0', ' '])
            .split('\\')
            .next()
            .unwrap_or("");
        Self {
            first: Codes::of_term(first).unwrap_or(Codes::Ascii),
        }
    }

    /// Decodes a value, padding kept. `name` adds the delimiters of a person name to those at
    /// which the first set returns (PS3.5 6.1.2.5.3).
    pub(crate) fn decode(&self, bytes: &[u8], name: bool) -> String {
        if let Codes::Whole(_) = self.first {
            return self.decode_whole(bytes).into_owned();
        }
        let mut out = String::with_capacity(bytes.len());
        let mut codes = self.first;
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let byte = bytes[at];
            if byte == ESCAPE {
                codes.decode(&bytes[from..at], &mut out);
                // An unknown escape is dropped alone: what follows stays readable.
                let (next, used) = Codes::of_escape(&bytes[at + 1..]).unwrap_or((codes, 0));
                // JIS X 0201 katakana and Roman are one table here, and ASCII ends any G0 set.
                codes = next;
                at += 1 + used;
                from = at;
                continue;
            }
            let control = matches!(byte, b'\n' | b'\r' | 0x0C | b'\t');
            let delimiter = byte == b'\\' || name && matches!(byte, b'^' | b'=');
            if control || delimiter && !codes.fills_g0() {
                codes.decode(&bytes[from..=at], &mut out);
                codes = self.first;
                from = at + 1;
                at += 1;
            } else if codes.fills_g0() {
                at = (at + 2).min(bytes.len());
            } else {
                at += 1;
            }
        }
        codes.decode(&bytes[from..], &mut out);
        out
    }

    fn decode_whole<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        let Codes::Whole(encoding) = self.first else {
            return Cow::Borrowed("");
        };
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => text,
            // Declared UTF-8 and sent Latin 1 is common; nothing is lost by reading it so.
            None if encoding == UTF_8 => bytes
                .iter()
                .map(|byte| char::from(*byte))
                .collect::<String>()
                .into(),
            None => encoding.decode_without_bom_handling(bytes).0,
        }
    }
}

/// A person name for people: prefix, given, middle, family, suffix (PS3.5 6.2.1). The alphabetic
/// group is taken, or the ideographic one in its own order, family name first.
pub(crate) fn human_name(name: &str) -> String {
    let mut groups = name.split('=');
    let alphabetic = groups.next().unwrap_or("");
    let ideographic = groups.next().unwrap_or("");
    let part =
        |group: &str, index: usize| group.split('^').nth(index).unwrap_or("").trim().to_owned();
    let (group, order): (&str, &[usize]) = if alphabetic.trim_matches(['^', ' ']).is_empty() {
        (ideographic, &[0, 1, 2])
    } else {
        (alphabetic, &[3, 1, 2, 0, 4])
    };
    let parts: Vec<String> = order
        .iter()
        .map(|index| part(group, *index))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(set: &str, bytes: &[u8]) -> String {
        Charset::of(set.as_bytes()).decode(bytes, true)
    }

    /// The examples of PS3.5 Annexes H, I, J and K.
    #[test]
    fn names_of_the_standard() {
        let japanese =
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(
            decode("\\ISO 2022 IR 87", japanese),
            "Yamada^Tarou=山田^太郎=やまだ^たろう"
        );
        let katakana = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J";
        assert_eq!(
            decode("ISO 2022 IR 13\\ISO 2022 IR 87", katakana),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
        );
        let korean = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(
            decode("\\ISO 2022 IR 149", korean),
            "Hong^Gildong=洪^吉洞=홍^길동"
        );
        let chinese = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=";
        assert_eq!(
            decode("\\ISO 2022 IR 58", chinese),
            "Zhang^XiaoDong=张^小东="
        );
        assert_eq!(
            decode("ISO_IR 192", "Wang^XiaoDong=王^小東=".as_bytes()),
            "Wang^XiaoDong=王^小東="
        );
        assert_eq!(
            decode("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="),
            "Wang^XiaoDong=王^小东="
        );
        assert_eq!(
            decode("ISO_IR 144", b"\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3"),
            "Люксембург"
        );
        assert_eq!(decode("ISO_IR 100", b"Buc^J\xe9r\xf4me"), "Buc^Jérôme");
        assert_eq!(
            decode("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2"),
            "Διονυσιος"
        );
        assert_eq!(
            decode("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4"),
            "שרון^דבורה"
        );
    }

    #[test]
    fn a_backslash_inside_a_japanese_character_is_none() {
        // U+30C0 is 0x25 0x40, U+5DE6 is 0x3A 0x38; 0x21 0x5C is U+FF0B.
        assert_eq!(decode("\\ISO 2022 IR 87", b"\x1b$B!\\\x1b(B"), "＋");
    }

    #[test]
    fn wrong_bytes_lose_nothing_else() {
        assert_eq!(decode("", b"Jos\xe9"), "José");
        assert_eq!(decode("ISO_IR 192", b"Jos\xe9"), "José");
        assert_eq!(decode("\\ISO 2022 IR 87", b"A\x1bZB"), "AZB");
        assert_eq!(decode("NO SUCH SET", b"A^B"), "A^B");
    }

    #[test]
    fn names_for_people() {
        assert_eq!(
            human_name("Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
            "Rev. John Robert Quincy Adams B.A. M.Div."
        );
        assert_eq!(human_name("Yamada^Tarou=山田^太郎"), "Tarou Yamada");
        assert_eq!(human_name("=山田^太郎"), "山田 太郎");
        assert_eq!(human_name("^"), "");
    }
}
