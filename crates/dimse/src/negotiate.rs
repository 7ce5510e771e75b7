//! What an association is about (PS3.8 section 9.3.2): which presentation contexts are accepted, and how.

use dicom_dictionary_std::uids;
use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PresentationContextResult,
    PresentationContextResultReason as Reason, RequestorRoles, UserVariableItem,
};

use crate::pdu::LONGEST;

/// What the UIDs of the standard's Storage SOP Classes begin with (PS3.4 table B.5-1).
pub const STORAGE_CLASSES: &str = "1.2.840.10008.5.1.4.1.1.";
pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

/// How a query sees the world (PS3.4 section C.6): from patients down, or from studies down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Patient Root.
    Patient,
    /// Study Root.
    Study,
}

/// A service that is provided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Verification.
    Verification,
    /// Storage of one kind of object.
    Storage,
    /// Query.
    Find(Model),
    /// Retrieval, to the device that asks.
    Get(Model),
    /// Retrieval, to another device.
    Move(Model),
    /// Modality worklist.
    Worklist,
    /// Storage commitment.
    Commitment,
}

/// The SOP classes of services beside storage, each with what is provided.
pub const CLASSES: &[(&str, Service)] = &[
    (uids::VERIFICATION, Service::Verification),
    (
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
        Service::Find(Model::Patient),
    ),
    (
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
        Service::Find(Model::Study),
    ),
    (
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET,
        Service::Get(Model::Patient),
    ),
    (
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET,
        Service::Get(Model::Study),
    ),
    (
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE,
        Service::Move(Model::Patient),
    ),
    (
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE,
        Service::Move(Model::Study),
    ),
    (
        uids::MODALITY_WORKLIST_INFORMATION_MODEL_FIND,
        Service::Worklist,
    ),
    (uids::STORAGE_COMMITMENT_PUSH_MODEL, Service::Commitment),
];

/// What is provided under a SOP class.
fn service(class: &str) -> Option<Service> {
    let known = CLASSES.iter().find(|(known, _)| *known == class);
    match known {
        Some((_, service)) => Some(*service),
        None => class
            .starts_with(STORAGE_CLASSES)
            .then_some(Service::Storage),
    }
}

/// The transfer syntaxes in which films are taken: all that are known by name, whether they can be decoded here or not.
pub fn transfer_syntaxes() -> impl Iterator<Item = &'static str> {
    imaging::transfer_syntax::known()
}

/// The transfer syntaxes of questions and their answers.
const OF_QUESTIONS: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];

/// A context that was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) id: u8,
    pub(crate) service: Service,
    pub(crate) class: String,
    pub(crate) transfer_syntax: String,
    /// Whether the device is the store of what is stored in it (PS3.7 D.3.3.4).
    pub(crate) is_stored_there: bool,
}

/// The answer, and the contexts that are agreed on. Of several transfer syntaxes the first that is known is taken, so that
/// a device sends films as it has them; where it is the store, a native one, in which all films that are native can go.
pub(crate) fn agree(asked: &AssociationRQ) -> (AssociationAC, Vec<Context>) {
    let mut contexts = Vec::new();
    let mut results = Vec::new();
    for proposed in &asked.presentation_contexts {
        let class = trimmed(&proposed.abstract_syntax);
        let is_stored_there = roles(asked, class).is_some_and(|roles| roles.scp);
        let accepted = accept(class, &proposed.transfer_syntaxes, is_stored_there);
        let (reason, transfer_syntax) = match accepted {
            Ok((service, syntax)) => {
                contexts.push(Context {
                    id: proposed.id,
                    service,
                    class: class.to_owned(),
                    transfer_syntax: syntax.clone(),
                    is_stored_there,
                });
                (Reason::Acceptance, syntax)
            }
            // It says nothing in a refusal, and has to be there (PS3.8 table 9-18).
            Err(reason) => (reason, uids::IMPLICIT_VR_LITTLE_ENDIAN.to_owned()),
        };
        results.push(PresentationContextResult {
            id: proposed.id,
            reason,
            transfer_syntax,
        });
    }
    let mut user_variables = ourselves();
    user_variables.extend(asked.user_variables.iter().filter_map(answer_to));
    let answer = AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title.clone(),
        called_ae_title: asked.called_ae_title.clone(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: results,
        user_variables,
    };
    (answer, contexts)
}

/// The roles that a device wants in contexts of a class, where it says so.
fn roles(asked: &AssociationRQ, class: &str) -> Option<RequestorRoles> {
    asked
        .user_variables
        .iter()
        .find_map(|variable| match variable {
            UserVariableItem::ScuScpRoleSelectionSubItem(of, roles) if trimmed(of) == class => {
                Some(*roles)
            }
            _ => None,
        })
}

/// The service of a context and its transfer syntax, or why it is refused.
fn accept(
    class: &str,
    syntaxes: &[String],
    is_stored_there: bool,
) -> Result<(Service, String), Reason> {
    let service = service(class).ok_or(Reason::AbstractSyntaxNotSupported)?;
    let is_usable = |syntax: &&str| match service {
        Service::Storage | Service::Verification => transfer_syntaxes().any(|one| one == *syntax),
        _ => OF_QUESTIONS.contains(syntax),
    };
    let mut proposed = syntaxes.iter().map(|syntax| trimmed(syntax));
    let native = OF_QUESTIONS
        .into_iter()
        .filter(|_| is_stored_there)
        .find(|native| proposed.clone().any(|syntax| syntax == *native));
    let usable = native.or_else(|| proposed.find(is_usable));
    usable
        .map(|syntax| (service, syntax.to_owned()))
        .ok_or(Reason::TransferSyntaxesNotSupported)
}

/// What this program says of itself.
pub(crate) fn ourselves() -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(LONGEST),
        UserVariableItem::ImplementationClassUID(
            imaging::write::IMPLEMENTATION_CLASS_UID.to_owned(),
        ),
        UserVariableItem::ImplementationVersionName(
            imaging::write::IMPLEMENTATION_VERSION_NAME.to_owned(),
        ),
    ]
}

/// What is answered to a wish beyond the contexts (PS3.7 annex D.3.3). Keys of a query need not go down the levels; dates
/// and times are matched apart, and names letter by letter. Of what is stored a device may be the store as well; of all other
/// services the portal is.
fn answer_to(wish: &UserVariableItem) -> Option<UserVariableItem> {
    match wish {
        UserVariableItem::SopClassExtendedNegotiationSubItem(class, asked) => {
            let class = trimmed(class);
            matches!(service(class), Some(Service::Find(_))).then(|| {
                let mut granted = vec![0; asked.len()];
                if let (Some(granted), Some(asked)) = (granted.first_mut(), asked.first()) {
                    *granted = asked & 1;
                }
                UserVariableItem::SopClassExtendedNegotiationSubItem(class.to_owned(), granted)
            })
        }
        UserVariableItem::ScuScpRoleSelectionSubItem(class, roles) => {
            let class = trimmed(class).to_owned();
            let granted = RequestorRoles {
                scu: roles.scu,
                scp: roles.scp && service(&class) == Some(Service::Storage),
            };
            Some(UserVariableItem::ScuScpRoleSelectionSubItem(class, granted))
        }
        _ => None,
    }
}

pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(['\0', ' '])
}

/// Whether the association speaks of DICOM at all.
pub(crate) fn is_dicom(asked: &AssociationRQ) -> bool {
    trimmed(&asked.application_context_name) == APPLICATION_CONTEXT
}
