//! A message as HL7 v2 writes it (chapter 2, ER7): segments of fields, which repeat and have components, which have
//! subcomponents. Written here rather than taken from a library, since those at hand pass over what stands after a line
//! that they cannot read, or move every field by one where a sender declares a fifth encoding character (2.7): both would
//! lose something in silence.

use std::fmt;

/// How a message separates its parts: MSH-1 and MSH-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    field: char,
    component: char,
    repetition: char,
    escape: Option<char>,
    subcomponent: Option<char>,
}

impl Default for Separators {
    fn default() -> Self {
        Self {
            field: '|',
            component: '^',
            repetition: '~',
            escape: Some('\\'),
            subcomponent: Some('&'),
        }
    }
}

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is no message.
    #[error("a message begins with MSH and its separators, such as MSH|^~\\&")]
    NoHeader,
    /// Its separators are no separators.
    #[error("MSH-1 and MSH-2 have to be different signs, none of them a letter, digit or space")]
    Separators,
    /// A line is no segment.
    #[error("segment {0}: three capital letters or digits and then the field separator are wanted")]
    Segment(usize),
}

/// A segment: its name, and its fields as they stand in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    name: String,
    /// The first is field 1; of MSH the first is MSH-1.
    fields: Vec<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    separators: Separators,
    segments: Vec<Segment>,
}

impl Message {
    /// Reads a message. Segments end with a carriage return; a line feed in its place, or after it, is taken too.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn read(text: &str) -> Result<Self, MessageError> {
        let mut lines = text
            .split(['\r', '\n'])
            .map(|line| line.trim_end_matches('\0'))
            .filter(|line| !line.trim().is_empty());
        let header = lines.next().ok_or(MessageError::NoHeader)?;
        let (separators, header) = header_of(header)?;
        let mut segments = vec![header];
        for (at, line) in lines.enumerate() {
            segments.push(segment(line, separators).ok_or(MessageError::Segment(at + 2))?);
        }
        Ok(Self {
            separators,
            segments,
        })
    }

    /// Every segment, in order.
    pub fn segments(&self) -> impl Iterator<Item = SegmentView<'_>> {
        self.segments.iter().map(|segment| SegmentView {
            separators: self.separators,
            segment,
        })
    }

    /// The first segment of this name.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<SegmentView<'_>> {
        self.segments().find(|segment| segment.name() == name)
    }

    /// MSH, which every message has.
    #[must_use]
    pub fn header(&self) -> SegmentView<'_> {
        SegmentView {
            separators: self.separators,
            segment: &self.segments[0],
        }
    }
}

fn header_of(line: &str) -> Result<(Separators, Segment), MessageError> {
    let rest = line.strip_prefix("MSH").ok_or(MessageError::NoHeader)?;
    let field = rest.chars().next().ok_or(MessageError::NoHeader)?;
    let mut fields = rest[field.len_utf8()..].split(field);
    let encoding = fields.next().unwrap_or_default();
    let mut signs = encoding.chars();
    let separators = Separators {
        field,
        component: signs.next().ok_or(MessageError::NoHeader)?,
        repetition: signs.next().ok_or(MessageError::NoHeader)?,
        escape: signs.next(),
        subcomponent: signs.next(),
    };
    let mut all: Vec<char> = encoding.chars().chain([field]).collect();
    let usable = |sign: &char| !sign.is_alphanumeric() && !sign.is_whitespace();
    // 2.7 added a fifth one, for what was cut off.
    if all.len() > 6 || !all.iter().all(usable) {
        return Err(MessageError::Separators);
    }
    all.sort_unstable();
    all.dedup();
    if all.len() != encoding.chars().count() + 1 {
        return Err(MessageError::Separators);
    }
    let fields = [field.to_string(), encoding.to_owned()]
        .into_iter()
        .chain(fields.map(ToOwned::to_owned))
        .collect();
    let name = "MSH".to_owned();
    Ok((separators, Segment { name, fields }))
}

fn segment(line: &str, separators: Separators) -> Option<Segment> {
    let mut parts = line.split(separators.field);
    let name = parts.next().unwrap_or_default().trim();
    let is_name = name.len() == 3
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_name.then(|| Segment {
        name: name.to_owned(),
        fields: parts.map(ToOwned::to_owned).collect(),
    })
}

/// A segment with what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub struct SegmentView<'m> {
    separators: Separators,
    segment: &'m Segment,
}

impl<'m> SegmentView<'m> {
    /// Three characters.
    #[must_use]
    pub fn name(&self) -> &'m str {
        &self.segment.name
    }

    /// A field, from 1; empty where there is none.
    #[must_use]
    pub fn field(&self, number: usize) -> FieldView<'m> {
        let text = number
            .checked_sub(1)
            .and_then(|at| self.segment.fields.get(at))
            .map_or("", String::as_str);
        FieldView {
            separators: self.separators,
            text,
        }
    }
}

/// A field, one of its repetitions, or a component: what stands between two separators.
#[derive(Debug, Clone, Copy)]
pub struct FieldView<'m> {
    separators: Separators,
    text: &'m str,
}

/// What a sender says of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing: it stays as it is.
    Nothing,
    /// `""`: there is none any more.
    None,
    /// This.
    Value(String),
}

impl<'m> FieldView<'m> {
    fn part(self, text: &'m str) -> Self {
        Self { text, ..self }
    }

    /// Every repetition that is not empty.
    pub fn repetitions(self) -> impl Iterator<Item = FieldView<'m>> {
        self.text
            .split(self.separators.repetition)
            .filter(|text| !text.is_empty())
            .map(move |text| self.part(text))
    }

    /// The first repetition.
    #[must_use]
    pub fn first(self) -> Self {
        let text = self.text.split(self.separators.repetition).next();
        self.part(text.unwrap_or_default())
    }

    /// A component of the first repetition, from 1.
    #[must_use]
    pub fn component(self, number: usize) -> Self {
        let first = self.first().text;
        let component = first
            .split(self.separators.component)
            .nth(number.saturating_sub(1));
        self.part(component.unwrap_or_default())
    }

    /// A subcomponent of this component, from 1.
    #[must_use]
    pub fn subcomponent(self, number: usize) -> Self {
        let component = self.component(1).text;
        let part = match self.separators.subcomponent {
            Some(sign) => component.split(sign).nth(number.saturating_sub(1)),
            None => (number <= 1).then_some(component),
        };
        self.part(part.unwrap_or_default())
    }

    /// The value of the first subcomponent of the first component, without escapes, and without spaces around it.
    #[must_use]
    pub fn value(self) -> String {
        let text = self.subcomponent(1).text.trim();
        if text == "\"\"" {
            return String::new();
        }
        unescaped(text, self.separators).trim().to_owned()
    }

    /// Everything that stands in the first repetition, as text: separators that nobody escaped stay.
    #[must_use]
    pub fn text(self) -> String {
        unescaped(self.first().text.trim(), self.separators)
            .trim()
            .to_owned()
    }

    /// What the sender says of the value: nothing, that there is none, or which.
    #[must_use]
    pub fn said(self) -> Said {
        match self.subcomponent(1).text.trim() {
            "" => Said::Nothing,
            "\"\"" => Said::None,
            _ => match self.value() {
                value if value.is_empty() => Said::Nothing,
                value => Said::Value(value),
            },
        }
    }

    /// Whether nothing stands here.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.text.trim().is_empty()
    }
}

/// Text without escapes (chapter 2.7). What is unknown, such as a font, is left out, as the standard says.
fn unescaped(text: &str, separators: Separators) -> String {
    let Some(escape) = separators.escape else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(escape) {
        plain.push_str(before);
        let Some((code, after)) = after.split_once(escape) else {
            // Nobody closed it: it is the sign itself.
            plain.push(escape);
            rest = after;
            continue;
        };
        match code {
            "F" => plain.push(separators.field),
            "S" => plain.push(separators.component),
            "T" => plain.extend(separators.subcomponent),
            "R" => plain.push(separators.repetition),
            "E" => plain.push(escape),
            ".br" => plain.push('\n'),
            _ if code.starts_with('X') => plain.push_str(&hexadecimal(&code[1..])),
            _ => {}
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// `\Xhh…\`: bytes, as UTF-8 or else one a character.
fn hexadecimal(digits: &str) -> String {
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    match bytes.map(String::from_utf8) {
        Some(Ok(text)) => text,
        Some(Err(other)) => other.into_bytes().into_iter().map(char::from).collect(),
        None => String::new(),
    }
}

/// Writes a message with the usual separators.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// Adds a segment; `fields` from field 1 on, of MSH from MSH-3 on. Empty ones at its end are left out.
    pub fn segment(&mut self, name: &str, fields: &[Field]) {
        self.text.push_str(name);
        if name == "MSH" {
            self.text.push_str("|^~\\&");
        }
        let last = fields.iter().rposition(|field| !field.0.is_empty());
        for field in &fields[..last.map_or(0, |last| last + 1)] {
            self.text.push('|');
            self.text.push_str(&field.0);
        }
        self.text.push('\r');
    }

    /// The message.
    #[must_use]
    pub fn done(self) -> String {
        self.text
    }
}

/// A field that is written: its parts are escaped already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field(String);

impl Field {
    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// One value.
    pub fn of(value: impl fmt::Display) -> Self {
        Self(escaped(&value.to_string()))
    }

    /// A value, if there is one.
    pub fn maybe(value: Option<impl fmt::Display>) -> Self {
        value.map_or_else(Self::empty, Self::of)
    }

    /// Components; empty ones at the end are left out.
    #[must_use]
    pub fn components(parts: &[&str]) -> Self {
        let last = parts.iter().rposition(|part| !part.is_empty());
        let parts: Vec<String> = parts[..last.map_or(0, |last| last + 1)]
            .iter()
            .map(|part| escaped(part))
            .collect();
        Self(parts.join("^"))
    }

    /// Repetitions.
    #[must_use]
    pub fn repeated(fields: &[Self]) -> Self {
        let parts: Vec<&str> = fields
            .iter()
            .map(|field| field.0.as_str())
            .filter(|part| !part.is_empty())
            .collect();
        Self(parts.join("~"))
    }
}

fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut before = None;
    for sign in text.chars() {
        match sign {
            '\\' => plain.push_str("\\E\\"),
            '|' => plain.push_str("\\F\\"),
            '^' => plain.push_str("\\S\\"),
            '&' => plain.push_str("\\T\\"),
            '~' => plain.push_str("\\R\\"),
            // A line that ends with both ends once.
            '\n' if before == Some('\r') => {}
            '\r' | '\n' => plain.push_str("\\.br\\"),
            sign if sign.is_control() => {}
            sign => plain.push(sign),
        }
        before = Some(sign);
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Message {
        Message::read(text).unwrap()
    }

    #[test]
    fn fields_of_the_header_count_from_the_field_separator() {
        let message = read("MSH|^~\\&|HIS|WARD||PORTAL|20261126||ADT^A04^ADT_A01|7|P|2.5.1\r");
        let header = message.header();
        assert_eq!(header.field(1).text, "|");
        assert_eq!(header.field(2).text, "^~\\&");
        assert_eq!(header.field(3).value(), "HIS");
        assert_eq!(header.field(9).component(2).value(), "A04");
        assert_eq!(header.field(10).value(), "7");
        assert_eq!(header.field(40).value(), "");
    }

    #[test]
    fn a_fifth_encoding_character_moves_nothing() {
        let message = read("MSH|^~\\&#|HIS|WARD|||20261126||ADT^A04|7|P|2.8\r");
        assert_eq!(message.header().field(3).value(), "HIS");
        assert_eq!(message.header().field(12).value(), "2.8");
    }

    #[test]
    fn other_separators_are_read_as_declared() {
        let message = read("MSH*:+$%*HIS\rPID***1:::A%1.2%ISO+2$S$3");
        let numbers = message.segment("PID").unwrap().field(3);
        let read: Vec<(String, String)> = numbers
            .repetitions()
            .map(|one| (one.value(), one.component(4).subcomponent(2).value()))
            .collect();
        assert_eq!(
            read,
            [
                ("1".to_owned(), "1.2".to_owned()),
                ("2:3".to_owned(), String::new())
            ]
        );
    }

    #[test]
    fn what_is_no_segment_is_refused_and_never_passed_over() {
        assert_eq!(Message::read(""), Err(MessageError::NoHeader));
        assert_eq!(Message::read("PID|1"), Err(MessageError::NoHeader));
        assert_eq!(Message::read("MSH"), Err(MessageError::NoHeader));
        assert_eq!(Message::read("MSH|^^\\&|"), Err(MessageError::Separators));
        assert_eq!(Message::read("MSH|AB"), Err(MessageError::Separators));
        let broken = "MSH|^~\\&|A\rPID|1\rnonsense\rOBR|1";
        assert_eq!(Message::read(broken), Err(MessageError::Segment(3)));
        assert_eq!(
            read("MSH|^~\\&|A\r\nPV1\r\n\r\nOBR|1\n").segments().count(),
            3
        );
    }

    #[test]
    fn escapes_are_read() {
        let message =
            read(r"MSH|^~\&|A\T\B|\X48c3a4\|\H\bold\N\|C:\E\x|open\ end|a\.br\b|\F\\S\\R\");
        let header = message.header();
        let values: Vec<String> = (3..=9).map(|at| header.field(at).value()).collect();
        assert_eq!(
            values,
            ["A&B", "Hä", "bold", r"C:\x", r"open\ end", "a\nb", "|^~"]
        );
    }

    #[test]
    fn nothing_and_none_are_two_things() {
        let message = read("MSH|^~\\&|||\"\"|x");
        let said: Vec<Said> = (3..=6)
            .map(|at| message.header().field(at).said())
            .collect();
        assert_eq!(
            said,
            [
                Said::Nothing,
                Said::Nothing,
                Said::None,
                Said::Value("x".to_owned())
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Message::read(&text);
            let _ = Message::read(&format!("MSH|^~\\&|{text}\rPID|{text}"));
        }

        #[test]
        fn what_is_written_is_read_again(parts in prop::collection::vec("[^\\p{C}]{0,12}", 1..6)) {
            let trimmed: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
            let fields: Vec<Field> = trimmed.iter().map(Field::of).collect();
            let texts: Vec<&str> = trimmed.iter().map(String::as_str).collect();
            let mut writer = Writer::default();
            writer.segment("MSH", &[Field::of("A")]);
            writer.segment("ZZ1", &fields);
            writer.segment("ZZ2", &[Field::repeated(&[Field::components(&texts), Field::of("end")])]);
            let message = read(&writer.done());
            for (at, part) in trimmed.iter().enumerate() {
                let one = message.segment("ZZ1").unwrap().field(at + 1).value();
                let other = message.segment("ZZ2").unwrap().field(1);
                if part != "\"\"" {
                    prop_assert_eq!(&one, part);
                    if trimmed.iter().any(|part| !part.is_empty()) {
                        prop_assert_eq!(&other.component(at + 1).value(), part);
                    }
                }
            }
        }
    }
}
