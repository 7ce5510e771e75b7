//! What a diagnosis consists of.

use serde::Serialize;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// It does not work, or patients or data are at risk.
    Fail,
}

/// One line of the diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a stable word for programs.
    pub check: &'static str,
    /// How it stands.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
    /// What to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Whether this pass put it right.
    pub fixed: bool,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Diagnosis {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// The worst outcome that was not put right.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        self.findings
            .iter()
            .filter(|finding| !finding.fixed)
            .map(|finding| finding.outcome)
            .max()
            .unwrap_or(Outcome::Ok)
    }

    /// Adds that a thing is as it should be.
    pub fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Outcome::Ok, detail.into(), None, false);
    }

    /// Adds something to look at.
    pub fn warn(
        &mut self,
        check: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(
            check,
            Outcome::Warn,
            detail.into(),
            Some(remedy.into()),
            false,
        );
    }

    /// Adds something that must be put right.
    pub fn fail(
        &mut self,
        check: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(
            check,
            Outcome::Fail,
            detail.into(),
            Some(remedy.into()),
            false,
        );
    }

    /// Adds something that was wrong and is put right now.
    pub fn fixed(&mut self, check: &'static str, outcome: Outcome, detail: impl Into<String>) {
        self.add(check, outcome, detail.into(), None, true);
    }

    fn add(
        &mut self,
        check: &'static str,
        outcome: Outcome,
        detail: String,
        remedy: Option<String>,
        fixed: bool,
    ) {
        self.findings.push(Finding {
            check,
            outcome,
            detail,
            remedy,
            fixed,
        });
    }
}

/// An error with what caused it, each text once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}
