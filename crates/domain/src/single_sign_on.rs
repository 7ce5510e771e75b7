//! Who may come in by single sign-on, and as what.

use serde::{Deserialize, Serialize};

use crate::Role;

/// How people of a provider become people of the portal. As delivered nobody does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SingleSignOn {
    /// What the button of the sign-in page calls the provider; empty: by its name on the network.
    pub label: String,
    /// What the provider is asked to tell, in its own words.
    pub scopes: String,
    /// The claim that says what somebody is; a dot leads into an object.
    pub claim: String,
    /// Which value of it makes which role. Of several that fit the first counts.
    pub roles: Vec<RoleMapping>,
    /// Whether an account that is here already becomes that of whoever has its address, if the provider has verified it.
    pub link_verified_email: bool,
    /// Words of `amr` or `acr` that count as a second factor.
    pub second_factor: Vec<String>,
}

impl Default for SingleSignOn {
    fn default() -> Self {
        Self {
            label: String::new(),
            scopes: "openid email profile".to_owned(),
            claim: "groups".to_owned(),
            roles: Vec::new(),
            link_verified_email: false,
            second_factor: Vec::new(),
        }
    }
}

/// A value of the claim and the role that it makes, written `VALUE = ROLE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleMapping {
    value: String,
    role: Role,
}

impl TryFrom<String> for RoleMapping {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // A value may hold the sign itself, as names of directories do.
        let (value, role) = text
            .rsplit_once('=')
            .map(|(value, role)| (value.trim(), role.trim()))
            .filter(|(value, _)| !value.is_empty())
            .ok_or_else(|| {
                format!("'{text}' is not of the form VALUE = ROLE, such as readers = doctor")
            })?;
        let role = role
            .parse()
            .map_err(|_| format!("'{role}' is no role: patient, radiologist, doctor or tech"))?;
        Ok(Self {
            value: value.to_owned(),
            role,
        })
    }
}

impl From<RoleMapping> for String {
    fn from(mapping: RoleMapping) -> Self {
        format!("{} = {}", mapping.value, mapping.role)
    }
}

impl SingleSignOn {
    /// The role of somebody whose claim has these values, if any.
    #[must_use]
    pub fn role_of(&self, values: &[&str]) -> Option<Role> {
        self.roles
            .iter()
            .find(|mapping| values.contains(&mapping.value.as_str()))
            .map(|mapping| mapping.role)
    }

    /// Whether the provider made sure with a second factor that counts here.
    #[must_use]
    pub fn has_second_factor(&self, methods: &[&str]) -> bool {
        self.second_factor
            .iter()
            .any(|word| methods.contains(&word.as_str()))
    }

    /// Whether it can be used.
    ///
    /// # Errors
    /// Says what is wanted.
    pub fn check(&self) -> Result<(), String> {
        if !self.scopes.split(' ').any(|scope| scope == "openid") {
            return Err("scopes must hold openid".to_owned());
        }
        if self.claim.trim().is_empty() {
            return Err("claim must name the claim that says what somebody is".to_owned());
        }
        let texts = [&self.label, &self.scopes, &self.claim];
        if texts.into_iter().any(|text| text.len() > 200) {
            return Err("label, scopes and claim are at most 200 bytes long".to_owned());
        }
        if self.roles.len() > 100 || self.second_factor.len() > 20 {
            return Err("at most 100 roles and 20 words of a second factor".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(roles: &[&str]) -> SingleSignOn {
        serde_json::from_value(serde_json::json!({ "roles": roles })).unwrap()
    }

    #[test]
    fn nobody_has_a_role_as_delivered() {
        let usual = SingleSignOn::default();
        assert!(usual.check().is_ok());
        assert_eq!(usual.role_of(&["tech", "doctor", "patient", ""]), None);
        assert!(!usual.has_second_factor(&["mfa", "otp", ""]));
    }

    #[test]
    fn the_first_value_that_fits_makes_the_role() {
        let policy = with(&["CN=Readers,OU=X = doctor", "it=tech"]);
        assert_eq!(
            policy.role_of(&["it", "CN=Readers,OU=X"]),
            Some(Role::Doctor)
        );
        assert_eq!(policy.role_of(&["it"]), Some(Role::Tech));
        assert_eq!(policy.role_of(&["IT", "readers"]), None);
        let written = serde_json::to_value(&policy).unwrap();
        assert_eq!(written["roles"][1], "it = tech");
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        for wrong in ["readers", "readers = nurse", " = doctor", "doctor"] {
            let value = serde_json::json!({ "roles": [wrong] });
            assert!(
                serde_json::from_value::<SingleSignOn>(value).is_err(),
                "{wrong}"
            );
        }
        let mut policy = with(&[]);
        policy.scopes = "email".to_owned();
        assert!(policy.check().is_err());
    }
}
