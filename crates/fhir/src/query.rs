//! A search as it is asked for.

use chrono::{DateTime, NaiveDate, Utc};
use db::fhir::{Span, WantedNumber, Window};
use domain::scope::FhirKind;
use uuid::Uuid;

use crate::{
    spec::{Link, Param, ParamType, spec_of},
    system,
    values::{self, Look, Token},
};

/// How many are sent at once where nothing is said.
pub const USUAL: i64 = 50;
/// Most that are sent at once.
pub const MOST: i64 = 200;
/// Most that `_revinclude` brings.
pub(crate) const MOST_REFERRING: i64 = 1000;
/// Most parameters of one search, and values of one parameter.
const MOST_PARAMETERS: usize = 100;
const MOST_VALUES: usize = 1000;
/// Longest value of a parameter, in bytes.
const LONGEST: usize = 40_000;

/// A parameter with its values, any of which counts.
#[derive(Debug, Clone)]
struct Given {
    name: &'static str,
    look: Look,
    values: Vec<String>,
}

/// What refers to what was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referring {
    pub(crate) kind: FhirKind,
    pub(crate) param: &'static str,
}

/// A search.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) kind: FhirKind,
    pub(crate) count: i64,
    pub(crate) after: Option<String>,
    pub(crate) includes: Vec<Link>,
    pub(crate) referring: Vec<Referring>,
    /// What of the request was heeded, for the link to itself.
    pub(crate) used: Vec<(String, String)>,
    given: Vec<Given>,
    base: String,
}

impl Query {
    fn of(kind: FhirKind, base: &str) -> Self {
        Self {
            kind,
            count: USUAL,
            after: None,
            includes: Vec::new(),
            referring: Vec::new(),
            used: Vec::new(),
            given: Vec::new(),
            base: base.to_owned(),
        }
    }

    /// The resources of a kind with these identifiers.
    pub(crate) fn of_ids(kind: FhirKind, ids: Vec<String>, base: &str) -> Self {
        Self::of_values(kind, "_id", ids, base)
    }

    /// The resources of a kind where a parameter has one of these values.
    pub(crate) fn of_values(
        kind: FhirKind,
        name: &'static str,
        values: Vec<String>,
        base: &str,
    ) -> Self {
        let mut query = Self::of(kind, base);
        query.count = MOST_REFERRING;
        query.given.push(Given {
            name,
            look: Look::Beginning,
            values,
        });
        query
    }

    /// Reads the parameters of a search.
    ///
    /// # Errors
    /// What is wrong, and what is wanted. The text repeats no value, since values are patients' data.
    pub fn parse(
        kind: FhirKind,
        pairs: &[(String, String)],
        is_strict: bool,
        base: &str,
    ) -> Result<Self, String> {
        if pairs.len() > MOST_PARAMETERS {
            return Err(format!("a search has at most {MOST_PARAMETERS} parameters"));
        }
        let mut query = Self::of(kind, base);
        for (name, value) in pairs {
            if value.len() > LONGEST || value.contains('\0') {
                return Err(format!("values have at most {LONGEST} bytes and no NUL"));
            }
            // A parameter without a value is as if it were not there.
            if value.is_empty() {
                continue;
            }
            if query.take(name, value)? {
                query.used.push((name.clone(), value.clone()));
            } else if is_strict {
                return Err(format!(
                    "{} is no parameter of searches for {kind}, and handling=strict was asked for: see /fhir/metadata",
                    shown(name)
                ));
            }
        }
        Ok(query)
    }

    /// Takes a parameter; says whether it is one.
    fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        match name {
            "_count" => {
                self.count = value
                    .parse()
                    .ok()
                    .filter(|count| *count >= 1)
                    .ok_or("_count is a whole number from 1")?;
                self.count = self.count.min(MOST);
            }
            "_cursor" => {
                // Of the trail it names a moment as well.
                let is_one = match self.kind {
                    FhirKind::AuditEvent => value.parse::<db::Cursor>().is_ok(),
                    _ => value.parse::<Uuid>().is_ok(),
                };
                if !is_one {
                    return Err(
                        "the cursor is not one of this list: leave it out to start again"
                            .to_owned(),
                    );
                }
                self.after = Some(value.to_owned());
            }
            "_include" => self.include(value)?,
            "_revinclude" => self.refer(value)?,
            // Formats are looked at before the query is.
            "_format" | "_pretty" => {}
            name => return self.given(name, value),
        }
        Ok(true)
    }

    fn given(&mut self, name: &str, value: &str) -> Result<bool, String> {
        let (bare, modifier) = match name.split_once(':') {
            Some((bare, modifier)) => (bare, Some(modifier)),
            None => (name, None),
        };
        let Some(param) = spec_of(self.kind)
            .params
            .iter()
            .find(|param| param.name == bare)
        else {
            return Ok(false);
        };
        let look = look(param, modifier)?;
        let values: Vec<String> = values::split(value, ',')
            .into_iter()
            .filter(|value| !value.is_empty())
            .collect();
        if values.is_empty() || values.len() > MOST_VALUES {
            return Err(format!("{} has 1 to {MOST_VALUES} values", param.name));
        }
        match param.kind {
            ParamType::Date => {
                if values.len() > 1 || values::span(&values[0]).is_none() {
                    return Err(format!(
                        "{} is one date such as 2025, 2025-03, 2025-03-04 or 2025-03-04T10:00:00Z, with eq, lt, le, gt, ge, sa or eb before it or nothing; repeat the parameter for a range",
                        param.name
                    ));
                }
            }
            ParamType::Reference(_)
            | ParamType::Token
            | ParamType::Text
            | ParamType::PatientNumber => {}
        }
        self.given.push(Given {
            name: param.name,
            look,
            values,
        });
        Ok(true)
    }

    fn include(&mut self, value: &str) -> Result<(), String> {
        let mut parts = value.split(':');
        let (source, param, target) = (parts.next(), parts.next(), parts.next());
        let found: Vec<Link> = spec_of(self.kind)
            .includes
            .iter()
            .filter(|link| {
                source == Some(self.kind.as_str())
                    && param == Some(link.param)
                    && target.is_none_or(|target| target == link.target.as_str())
            })
            .copied()
            .collect();
        if found.is_empty() || parts.next().is_some() {
            return Err(format!(
                "_include is {}:PARAMETER for one of {}",
                self.kind,
                listed(
                    spec_of(self.kind)
                        .includes
                        .iter()
                        .map(|link| link.param.to_owned())
                )
            ));
        }
        self.includes.extend(found);
        Ok(())
    }

    fn refer(&mut self, value: &str) -> Result<(), String> {
        let spec = spec_of(self.kind);
        let (source, rest) = value.split_once(':').unwrap_or((value, ""));
        let (param, target) = match rest.split_once(':') {
            Some((param, target)) => (param, Some(target)),
            None => (rest, None),
        };
        let found = spec.revincludes().find(|(kind, name)| {
            kind.as_str() == source
                && *name == param
                && target.is_none_or(|target| target == self.kind.as_str())
        });
        let Some((kind, param)) = found else {
            return Err(format!(
                "_revinclude is one of {}",
                listed(
                    spec.revincludes()
                        .map(|(kind, param)| format!("{kind}:{param}"))
                )
            ));
        };
        self.referring.push(Referring { kind, param });
        Ok(())
    }

    fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q Given> {
        self.given.iter().filter(move |given| given.name == name)
    }

    /// What is left of each list where a parameter is given several times: all of them have to hold.
    fn meeting<T: PartialEq>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.all(name)
            .map(|given| {
                given
                    .values
                    .iter()
                    .filter_map(|value| read(value))
                    .collect()
            })
            .reduce(|mut left: Vec<T>, right: Vec<T>| {
                left.retain(|value| right.contains(value));
                left
            })
    }

    /// The values of a token; `None` when it is not asked for.
    pub(crate) fn tokens(&self, name: &str) -> Option<Vec<Token>> {
        self.meeting(name, |value| Some(Token::of(value)))
    }

    /// Which of these codes of a system are asked for; `None` when whatever it is.
    pub(crate) fn codes<'c>(
        &self,
        name: &str,
        system: &str,
        codes: impl IntoIterator<Item = &'c str>,
    ) -> Option<Vec<String>> {
        let tokens = self.tokens(name)?;
        Some(
            codes
                .into_iter()
                .filter(|code| tokens.iter().any(|token| token.is(system, code)))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// Whether a code that every resource of the kind has is one of those asked for.
    pub(crate) fn takes(&self, name: &str, codes: &[(&str, &str)]) -> bool {
        self.all(name).all(|given| {
            given
                .values
                .iter()
                .map(|value| Token::of(value))
                .any(|token| codes.iter().any(|(system, code)| token.is(system, code)))
        })
    }

    /// `true` or `false`; `None` when it is not asked for, or both are.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        let Some(tokens) = self.tokens(name) else {
            return Ok(None);
        };
        match tokens.as_slice() {
            [token] if token.value == "true" => Ok(Some(true)),
            [token] if token.value == "false" => Ok(Some(false)),
            _ => Err(format!("{name} is true or false")),
        }
    }

    /// The identifiers of what is referred to, by any of these names; `None` when none is asked for.
    pub(crate) fn references(&self, names: &[&str], kind: FhirKind) -> Option<Vec<String>> {
        names
            .iter()
            .filter_map(|name| self.meeting(name, |value| self.reference(value, kind)))
            .reduce(|mut left, right| {
                left.retain(|value| right.contains(value));
                left
            })
    }

    /// The same where identifiers are UUIDs.
    pub(crate) fn ids(&self, names: &[&str], kind: FhirKind) -> Option<Vec<Uuid>> {
        let ids = self.references(names, kind)?;
        Some(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    fn reference(&self, value: &str, kind: FhirKind) -> Option<String> {
        let value = values::plain(value);
        let below = value
            .strip_prefix(&self.base)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(&value);
        match below.split_once('/') {
            None => Some(below.to_owned()),
            Some((given, id)) if given == kind.as_str() => Some(id.to_owned()),
            Some(_) => None,
        }
    }

    /// The span in which a moment lies.
    pub(crate) fn span(&self, name: &str) -> Span<DateTime<Utc>> {
        self.all(name)
            .filter_map(|given| values::span(given.values.first()?))
            .reduce(values::both)
            .unwrap_or_default()
    }

    /// The span in which a day lies.
    pub(crate) fn days(&self, name: &str) -> Span<NaiveDate> {
        values::days(self.span(name))
    }

    /// Regular expressions, each of which has to find the text.
    pub(crate) fn expressions(&self, names: &[&str]) -> Option<Vec<String>> {
        let all: Vec<String> = names
            .iter()
            .flat_map(|name| self.all(name))
            .map(|given| values::expression(&given.values, given.look))
            .collect();
        (!all.is_empty()).then_some(all)
    }

    /// Numbers of patients.
    pub(crate) fn numbers(&self, names: &[&str]) -> Option<Vec<WantedNumber>> {
        let tokens =
            names
                .iter()
                .filter_map(|name| self.tokens(name))
                .reduce(|mut left, right| {
                    left.retain(|token| right.contains(token));
                    left
                })?;
        Some(
            tokens
                .into_iter()
                .map(|token| {
                    let issuer = token.system.as_deref().map(system::issuer_of);
                    (issuer, token.value)
                })
                .collect(),
        )
    }

    /// What every search may name, for identifiers that are UUIDs.
    pub(crate) fn window(&self) -> Window {
        Window {
            ids: self.ids(&["_id"], self.kind),
            ..self.window_without_ids()
        }
    }

    /// The same without identifiers.
    pub(crate) fn window_without_ids(&self) -> Window {
        Window {
            ids: None,
            updated: self.span("_lastUpdated"),
            after: self.after.as_deref().and_then(|after| after.parse().ok()),
            // One more than is sent says whether there are more.
            limit: self.count + 1,
        }
    }
}

/// How a text is looked for; every other modifier is refused, as the standard demands.
fn look(param: &Param, modifier: Option<&str>) -> Result<Look, String> {
    match (param.kind, modifier) {
        (_, None) => Ok(Look::Beginning),
        (ParamType::Text, Some("exact")) => Ok(Look::Exact),
        (ParamType::Text, Some("contains")) => Ok(Look::Anywhere),
        (ParamType::Reference(targets), Some(kind))
            if targets.iter().any(|target| target.as_str() == kind) =>
        {
            Ok(Look::Beginning)
        }
        (_, Some(modifier)) => Err(format!(
            "the modifier {} cannot be used with {}",
            shown(modifier),
            param.name
        )),
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        "none: there is nothing to follow here".to_owned()
    } else {
        items.join(", ")
    }
}

/// A name as it may stand in an answer.
fn shown(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_ascii_alphanumeric() || "_-.:".contains(*character))
        .take(64)
        .collect()
}
