//! Commands (PS3.7 section 9.3 and annex E): flat data sets of group 0000 in implicit VR little endian.

use std::collections::BTreeMap;

/// Affected SOP Class UID.
const AFFECTED_CLASS: u16 = 0x0002;
/// Requested SOP Class UID.
const REQUESTED_CLASS: u16 = 0x0003;
/// Command Field.
const FIELD: u16 = 0x0100;
/// Message ID.
const MESSAGE: u16 = 0x0110;
/// Message ID Being Responded To.
const RESPONDS_TO: u16 = 0x0120;
/// Move Destination.
const DESTINATION: u16 = 0x0600;
/// Priority.
const PRIORITY: u16 = 0x0700;
/// Command Data Set Type.
const DATA_SET: u16 = 0x0800;
/// Status.
const STATUS: u16 = 0x0900;
/// Error Comment.
const COMMENT: u16 = 0x0902;
/// Affected SOP Instance UID.
const AFFECTED_INSTANCE: u16 = 0x1000;
/// Requested SOP Instance UID.
const REQUESTED_INSTANCE: u16 = 0x1001;
/// Event Type ID.
const EVENT: u16 = 0x1002;
/// Action Type ID.
const ACTION: u16 = 0x1008;
/// Numbers of sub-operations: remaining, completed, failed, with a warning.
const SUB_OPERATIONS: [u16; 4] = [0x1020, 0x1021, 0x1022, 0x1023];
/// Move Originator Application Entity Title.
const ORIGINATOR: u16 = 0x1030;
/// Move Originator Message ID.
const ORIGINATOR_MESSAGE: u16 = 0x1031;

/// C-STORE-RQ.
pub(crate) const STORE: u16 = 0x0001;
/// C-ECHO-RQ.
pub(crate) const ECHO: u16 = 0x0030;
/// C-GET-RQ.
pub(crate) const GET: u16 = 0x0010;
/// C-MOVE-RQ.
pub(crate) const MOVE: u16 = 0x0021;
/// N-EVENT-REPORT-RQ.
pub(crate) const REPORT: u16 = 0x0100;
/// N-ACTION-RQ.
pub(crate) const ACT: u16 = 0x0130;
/// C-FIND-RQ.
pub(crate) const FIND: u16 = 0x0020;
/// C-CANCEL-RQ.
pub(crate) const CANCEL: u16 = 0x0FFF;
/// A response's bit in a command field.
pub(crate) const RESPONSE: u16 = 0x8000;
/// What Command Data Set Type says when no data set follows.
const NO_DATA_SET: u16 = 0x0101;
/// What it says here when one does; any other number would do.
const A_DATA_SET: u16 = 0x0001;

/// Why a command means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It breaks off, or has elements that no command has.
    #[error("a command cannot be read: {0}")]
    Garbled(&'static str),
}

/// What became of the sub-operations of a retrieval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Still to come; said only while they are.
    pub(crate) remaining: Option<u16>,
    pub(crate) completed: u16,
    pub(crate) failed: u16,
    pub(crate) warning: u16,
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

    /// A request about an instance of a SOP class.
    fn request(field: u16, message: u16, sop_class: &str) -> Self {
        let mut request = Self::default();
        request.put_text(AFFECTED_CLASS, sop_class);
        request.put_number(FIELD, field);
        request.put_number(MESSAGE, message);
        request.put_number(DATA_SET, NO_DATA_SET);
        request
    }

    /// C-STORE-RQ; with who asked for it where somebody did.
    pub(crate) fn store(
        message: u16,
        sop_class: &str,
        sop_instance: &str,
        originator: Option<(&str, u16)>,
    ) -> Self {
        let mut request = Self::request(STORE, message, sop_class).with_data_set();
        request.put_number(PRIORITY, 0);
        request.put_text(AFFECTED_INSTANCE, sop_instance);
        if let Some((title, of_message)) = originator {
            request.put_text(ORIGINATOR, title);
            request.put_number(ORIGINATOR_MESSAGE, of_message);
        }
        request
    }

    /// C-FIND-RQ or C-GET-RQ.
    pub(crate) fn inquiry(field: u16, message: u16, sop_class: &str) -> Self {
        let mut request = Self::request(field, message, sop_class).with_data_set();
        request.put_number(PRIORITY, 0);
        request
    }

    /// C-CANCEL-RQ: takes back the request of this number.
    pub(crate) fn cancel(message: u16) -> Self {
        let mut cancel = Self::default();
        cancel.put_number(FIELD, CANCEL);
        cancel.put_number(RESPONDS_TO, message);
        cancel.put_number(DATA_SET, NO_DATA_SET);
        cancel
    }

    /// C-MOVE-RQ to a destination.
    pub(crate) fn moving(message: u16, sop_class: &str, destination: &str) -> Self {
        let mut request = Self::inquiry(MOVE, message, sop_class);
        request.put_text(DESTINATION, destination);
        request
    }

    /// N-EVENT-REPORT-RQ.
    pub(crate) fn report(message: u16, sop_class: &str, sop_instance: &str, event: u16) -> Self {
        let mut request = Self::request(REPORT, message, sop_class).with_data_set();
        request.put_text(AFFECTED_INSTANCE, sop_instance);
        request.put_number(EVENT, event);
        request
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

    /// The number of what a response or a cancellation is about.
    #[must_use]
    pub fn about(&self) -> Option<u16> {
        self.number(RESPONDS_TO)
    }

    /// Whether it answers this request.
    pub(crate) fn is_answer_to(&self, request: &Self) -> bool {
        self.about() == request.message_id()
            && self.field() == request.field().map(|one| one | RESPONSE)
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

    /// SOP class of what is sent or asked for.
    #[must_use]
    pub fn sop_class(&self) -> String {
        self.either(AFFECTED_CLASS, REQUESTED_CLASS)
    }

    /// SOP instance of what is sent or asked for.
    #[must_use]
    pub fn sop_instance(&self) -> String {
        self.either(AFFECTED_INSTANCE, REQUESTED_INSTANCE)
    }

    /// Where a C-MOVE-RQ wants things to be sent.
    #[must_use]
    pub fn destination(&self) -> String {
        self.text(DESTINATION)
    }

    /// Which action an N-ACTION-RQ wants.
    #[must_use]
    pub fn action(&self) -> Option<u16> {
        self.number(ACTION)
    }

    /// Numbers of sub-operations: completed, failed and with a warning.
    #[must_use]
    pub fn sub_operations(&self) -> [u16; 3] {
        let [_, completed, failed, warning] = SUB_OPERATIONS;
        [completed, failed, warning].map(|element| self.number(element).unwrap_or_default())
    }

    /// The answer to this command, without a data set.
    #[must_use]
    pub fn answer(&self, status: u16, comment: Option<&str>) -> Self {
        let mut answer = Self::default();
        for (element, of) in [
            (AFFECTED_CLASS, self.sop_class()),
            (AFFECTED_INSTANCE, self.sop_instance()),
        ] {
            if !of.is_empty() {
                answer.put_text(element, &of);
            }
        }
        for element in [ACTION, EVENT] {
            if let Some(number) = self.number(element) {
                answer.put_number(element, number);
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

    /// The same, followed by a data set.
    #[must_use]
    pub fn with_data_set(mut self) -> Self {
        self.put_number(DATA_SET, A_DATA_SET);
        self
    }

    /// The same, with what became of the sub-operations.
    #[must_use]
    pub(crate) fn counting(mut self, counts: Counts) -> Self {
        let [remaining, completed, failed, warning] = SUB_OPERATIONS;
        if let Some(number) = counts.remaining {
            self.put_number(remaining, number);
        }
        self.put_number(completed, counts.completed);
        self.put_number(failed, counts.failed);
        self.put_number(warning, counts.warning);
        self
    }

    fn put_text(&mut self, element: u16, text: &str) {
        self.elements.insert(element, text.as_bytes().to_vec());
    }

    fn either(&self, element: u16, other: u16) -> String {
        let text = self.text(element);
        if text.is_empty() {
            self.text(other)
        } else {
            text
        }
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
    // UIDs are padded with NUL, and texts with a space.
    let is_text = [COMMENT, DESTINATION, ORIGINATOR].contains(&element);
    let padding = if is_text { b' ' } else { 0 };
    out.extend(std::iter::repeat_n(padding, odd));
}

/// Whether a status of C-STORE says that the object is stored, with a warning or without (PS3.4 section B.2.3).
pub(crate) const fn is_stored(status: u16) -> bool {
    matches!(status, 0 | 0xB000..=0xBFFF)
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
        fn a_request_is_read_as_it_was_made(
            message in any::<u16>(),
            class in "[0-9.]{1,64}",
            instance in "[0-9.]{1,64}",
            title in "[A-Z]([A-Z ]{0,14}[A-Z])?",
        ) {
            let store = Command::store(message, &class, &instance, Some((&title, 3)));
            let read = Command::read(&store.write()).unwrap();
            prop_assert_eq!(read.field(), Some(STORE));
            prop_assert_eq!(read.message_id(), Some(message));
            prop_assert_eq!(read.sop_class(), class.clone());
            prop_assert_eq!(read.sop_instance(), instance);
            prop_assert!(read.has_data_set());
            let inquiry = Command::moving(message, &class, &title);
            let read = Command::read(&inquiry.write()).unwrap();
            prop_assert_eq!((read.field(), read.destination()), (Some(MOVE), title));
            let counts = Counts { remaining: Some(1), completed: 2, failed: 3, warning: 4 };
            let answer = Command::read(&read.answer(0xFF00, None).counting(counts).write()).unwrap();
            prop_assert_eq!(answer.about(), Some(message));
            prop_assert_eq!(answer.sub_operations(), [2, 3, 4]);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(command) = Command::read(&bytes) {
                let _ = command.answer(0, None).write();
            }
        }
    }
}
