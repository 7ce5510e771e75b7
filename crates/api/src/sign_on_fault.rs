//! Why somebody is not let in by single sign-on, each with what to do.

use axum::http::StatusCode;

use crate::problem::Problem;

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOnFault {
    /// The way back is unknown, used, too old, or another browser's.
    Over,
    /// The provider refused, or what it said does not count.
    Refused,
    /// The provider is away, or set up wrongly.
    Away,
    /// Nothing that it said makes a role.
    NoRole,
    /// It said no address.
    NoAddress,
    /// There is an account with the address that is not linked.
    AccountExists,
    /// The account is out of use.
    Inactive,
    /// A patient's account cannot become staff's, nor the other way round.
    PatientOrStaff,
    /// The last account of tech would become another.
    LastTech,
}

impl SignOnFault {
    /// The problem, with its cause for log and audit trail.
    pub(crate) fn with(self, cause: impl Into<String>) -> Problem {
        Problem::NotSignedOn(self, cause.into())
    }

    /// Status, stable word, and what to do.
    pub(crate) const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Over => (
                StatusCode::UNAUTHORIZED,
                "single_sign_on_over",
                "this sign-in took too long, was used already, or was begun in another browser: begin anew",
            ),
            Self::Refused => (
                StatusCode::UNAUTHORIZED,
                "single_sign_on_refused",
                "your hospital's sign-in did not confirm who you are: begin anew; if it stays like this, tell tech, whose log says why",
            ),
            Self::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "single_sign_on_away",
                "your hospital's sign-in cannot be used for the moment: try again, or sign in with a password or passkey; tech finds the cause in the log",
            ),
            Self::NoRole => (
                StatusCode::FORBIDDEN,
                "single_sign_on_no_role",
                "your account at your hospital has no right to this portal: ask whoever looks after accounts there for the group that gives it",
            ),
            Self::NoAddress => (
                StatusCode::FORBIDDEN,
                "single_sign_on_no_address",
                "your hospital's sign-in says no e-mail address of yours, which an account here needs: ask whoever looks after accounts there",
            ),
            Self::AccountExists => (
                StatusCode::CONFLICT,
                "single_sign_on_account_exists",
                "there is an account with your address here that does not belong to this sign-in: sign in as you did before, or ask tech",
            ),
            Self::Inactive => (
                StatusCode::FORBIDDEN,
                "single_sign_on_inactive",
                "your account here is out of use: ask tech",
            ),
            Self::PatientOrStaff => (
                StatusCode::CONFLICT,
                "patient_or_staff",
                "a patient's account cannot become staff's, nor the other way round: ask tech for another account",
            ),
            Self::LastTech => (
                StatusCode::CONFLICT,
                "last_tech",
                "this is the last active account of tech: make another one first",
            ),
        }
    }
}
