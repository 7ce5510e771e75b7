//! Commands (PS3.7 section 9.3 and annex E): flat data sets of group 0000 in implicit VR little endian.

use std::collections::BTreeMap;

/// Affected SOP Class UID.
const AFFECTED_CLASS: u16 = 0x0002;
/// Command Field.
const FIELD: u16 = 0x0100;
/// Message ID.
const MESSAGE: u16 = 0x0110;
/// Message ID Being Responded To.
const RESPONDS_TO: u16 = 0x0120;
/// Command Data Set Type.
const DATA_SET: u16 = 0x0800;
/// Status.
const STATUS: u16 = 0x0900;
/// Error Comment.
const COMMENT: u16 = 0x0902;
/// Affected SOP Instance UID.
const AFFECTED_INSTANCE: u16 = 0x1000;

/// C-STORE-RQ.
pub(crate) const STORE: u16 = 0x0001;
/// C-ECHO-RQ.
pub(crate) const ECHO: u16 = 0x0030;
/// C-CANCEL-RQ, which nothing that is spoken here needs.
pub(crate) const CANCEL: u16 = 0x0FFF;
/// A response's bit in a command field.
const RESPONSE: u16 = 0x8000;
/// What Command Data Set Type says when no data set follows.
const NO_DATA_SET: u16 = 0x0101;

/// Why a command means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It breaks off, or has elements that no command has.
    #[error("a command cannot be read: {0}")]
    Garbled(&'static str),
}

/// A command's elements, by their number in group 0000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    elements: BTreeMap<u16, Vec<u8>>,
}

impl Command {
    /// Reads a command.
    ///
    /// # Errors
    /// [`CommandError`].
    pub fn read(mut bytes: &[u8]) -> Result<Self, CommandError> {
        let mut elements = BTreeMap::new();
        while !bytes.is_empty() {
            let Some((head, rest)) = bytes.split_at_checked(8) else {
                return Err(CommandError::Garbled("an element is cut off"));
            };
            let number = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
            if number(0) != 0 {
                return Err(CommandError::Garbled("an element is not of group 0000"));
            }
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let Some((value, rest)) = rest.split_at_checked(length) else {
                return Err(CommandError::Garbled("a value is cut off"));
            };
            elements.insert(number(2), value.to_vec());
            bytes = rest;
        }
        Ok(Self { elements })
    }

    /// The command with its group's length in front.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (element, value) in self.elements.iter().filter(|(element, _)| **element != 0) {
            put(*element, value, &mut body);
        }
        let length = u32::try_from(body.len()).expect("a command has some hundred bytes");
        let mut bytes = Vec::new();
        put(0, &length.to_le_bytes(), &mut bytes);
        bytes.append(&mut body);
        bytes
    }

    /// Which command it is.
    #[must_use]
    pub fn field(&self) -> Option<u16> {
        self.number(FIELD)
    }

    /// The number by which the answer names it.
    #[must_use]
    pub fn message_id(&self) -> Option<u16> {
        self.number(MESSAGE)
    }

    /// Whether a data set follows.
    #[must_use]
    pub fn has_data_set(&self) -> bool {
        self.number(DATA_SET)
            .is_some_and(|kind| kind != NO_DATA_SET)
    }

    /// Status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.number(STATUS)
    }

    /// SOP class of what is sent.
    #[must_use]
    pub fn sop_class(&self) -> String {
        self.text(AFFECTED_CLASS)
    }

    /// SOP instance of what is sent.
    #[must_use]
    pub fn sop_instance(&self) -> String {
        self.text(AFFECTED_INSTANCE)
    }

    /// The answer to this command, without a data set.
    #[must_use]
    pub fn answer(&self, status: u16, comment: Option<&str>) -> Self {
        let mut answer = Self::default();
        for element in [AFFECTED_CLASS, AFFECTED_INSTANCE] {
            if let Some(value) = self.elements.get(&element) {
                answer.elements.insert(element, value.clone());
            }
        }
        answer.put_number(FIELD, self.field().unwrap_or_default() | RESPONSE);
        answer.put_number(RESPONDS_TO, self.message_id().unwrap_or_default());
        answer.put_number(DATA_SET, NO_DATA_SET);
        answer.put_number(STATUS, status);
        if let Some(comment) = comment {
            // LO: at most 64 characters of the default repertoire.
            let plain = comment
                .chars()
                .filter(|c| (' '..='~').contains(c) && *c != '\\');
            let text: String = plain.take(64).collect();
            answer.elements.insert(COMMENT, text.into_bytes());
        }
        answer
    }

    fn put_number(&mut self, element: u16, number: u16) {
        self.elements.insert(element, number.to_le_bytes().to_vec());
    }

    fn number(&self, element: u16) -> Option<u16> {
        let value = self.elements.get(&element)?;
        Some(u16::from_le_bytes([*value.first()?, *value.get(1)?]))
    }

    fn text(&self, element: u16) -> String {
        let value = self.elements.get(&element).map(Vec::as_slice);
        String::from_utf8_lossy(value.unwrap_or_default())
            .trim_matches(['\0', ' '])
            .to_owned()
    }
}

fn put(element: u16, value: &[u8], out: &mut Vec<u8>) {
    let odd = value.len() % 2;
    let length = u32::try_from(value.len() + odd).expect("a value has at most a PDU's bytes");
    out.extend_from_slice(&0_u16.to_le_bytes());
    out.extend_from_slice(&element.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
    // UIDs are padded with NUL and texts with a space; the only odd texts are comments.
    let padding = if element == COMMENT { b' ' } else { 0 };
    out.extend(std::iter::repeat_n(padding, odd));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_names_what_it_answers() {
        let mut asked = Command::default();
        asked.put_number(FIELD, STORE);
        asked.put_number(MESSAGE, 7);
        asked.put_number(DATA_SET, 1);
        asked
            .elements
            .insert(AFFECTED_CLASS, b"1.2.840.10008.5.1.4.1.1.1".to_vec());
        let read = Command::read(&asked.write()).unwrap();
        assert!(read.has_data_set());
        let answer = Command::read(&read.answer(0xA700, Some("full\\é")).write()).unwrap();
        assert_eq!(answer.field(), Some(0x8001));
        assert_eq!(answer.status(), Some(0xA700));
        assert_eq!(answer.number(RESPONDS_TO), Some(7));
        assert_eq!(answer.sop_class(), "1.2.840.10008.5.1.4.1.1.1");
        assert!(!answer.has_data_set());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(command) = Command::read(&bytes) {
                let _ = command.answer(0, None).write();
            }
        }
    }
}
