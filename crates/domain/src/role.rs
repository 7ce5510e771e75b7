//! The four roles.

crate::text_enum! {
    /// What a user is to the portal. Decides which rows the database shows them.
    Role("role") {
        /// Sees the own released results.
        Patient = "patient",
        /// Sends films in and follows the own uploads.
        Radiologist = "radiologist",
        /// Reads every case, reviews and signs.
        Doctor = "doctor",
        /// Runs models, users, settings; sees clinical rows only pseudonymised.
        Tech = "tech",
    }
}

impl Role {
    /// The PostgreSQL role that a transaction of this actor runs as.
    #[must_use]
    pub const fn database_role(self) -> &'static str {
        match self {
            Self::Patient => "portal_patient",
            Self::Radiologist => "portal_radiologist",
            Self::Doctor => "portal_doctor",
            Self::Tech => "portal_tech",
        }
    }

    /// Whether accounts of this role are made by tech only.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Patient)
    }
}
