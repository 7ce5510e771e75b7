//! What an association is about (PS3.8 section 9.3.2): which presentation contexts are accepted, and how.

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PresentationContextResult,
    PresentationContextResultReason as Reason, UserVariableItem,
};

use crate::pdu::LONGEST;

/// Verification SOP Class.
pub const VERIFICATION: &str = "1.2.840.10008.1.1";
/// What the UIDs of the standard's Storage SOP Classes begin with (PS3.4 table B.5-1).
pub const STORAGE_CLASSES: &str = "1.2.840.10008.5.1.4.1.1.";
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
const IMPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";

/// The transfer syntaxes in which films are taken: all that are known by name, whether they can be decoded here or not.
pub fn transfer_syntaxes() -> impl Iterator<Item = &'static str> {
    imaging::transfer_syntax::known()
}

/// A context that was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) id: u8,
    pub(crate) transfer_syntax: String,
}

/// The answer, and the contexts that are agreed on. Of several transfer syntaxes the first that is known is taken, so that
/// a device sends films as it has them.
pub(crate) fn agree(asked: &AssociationRQ) -> (AssociationAC, Vec<Context>) {
    let mut contexts = Vec::new();
    let mut results = Vec::new();
    for proposed in &asked.presentation_contexts {
        let class = trimmed(&proposed.abstract_syntax);
        let known = proposed
            .transfer_syntaxes
            .iter()
            .map(|syntax| trimmed(syntax));
        let is_verification = class == VERIFICATION;
        let mut usable = known.filter(|syntax| transfer_syntaxes().any(|known| known == *syntax));
        let reason = match usable.next() {
            _ if !is_verification && !class.starts_with(STORAGE_CLASSES) => {
                Err(Reason::AbstractSyntaxNotSupported)
            }
            None => Err(Reason::TransferSyntaxesNotSupported),
            Some(syntax) => Ok(syntax.to_owned()),
        };
        let (reason, transfer_syntax) = match reason {
            Ok(syntax) => (Reason::Acceptance, syntax),
            // It says nothing in a refusal, and has to be there (PS3.8 table 9-18).
            Err(reason) => (reason, IMPLICIT_LITTLE_ENDIAN.to_owned()),
        };
        if reason == Reason::Acceptance {
            contexts.push(Context {
                id: proposed.id,
                transfer_syntax: transfer_syntax.clone(),
            });
        }
        results.push(PresentationContextResult {
            id: proposed.id,
            reason,
            transfer_syntax,
        });
    }
    let answer = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title.clone(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: results,
        user_variables: vec![
            UserVariableItem::MaxLength(LONGEST),
            UserVariableItem::ImplementationClassUID(
                imaging::write::IMPLEMENTATION_CLASS_UID.to_owned(),
            ),
            UserVariableItem::ImplementationVersionName(
                imaging::write::IMPLEMENTATION_VERSION_NAME.to_owned(),
            ),
        ],
    };
    (answer, contexts)
}

pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(['\0', ' '])
}

/// Whether the association speaks of DICOM at all.
pub(crate) fn is_dicom(asked: &AssociationRQ) -> bool {
    trimmed(&asked.application_context_name) == APPLICATION_CONTEXT
}
