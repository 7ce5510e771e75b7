//! Synthetic films and demo cases, so that no patient's picture is in the project.
