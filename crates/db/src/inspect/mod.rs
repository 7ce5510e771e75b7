//! Looking into the server itself: size, load, locks, bloat, indexes. Asked by the technician, as
//! whoever owns the database; it reads PostgreSQL's own catalogs and never a clinical row.
//!
//! Statements of others are shown with their constants taken out, since those may be names.

mod bloat;
pub mod catalog;
mod connections;
mod indexes;
mod locks;
mod server;
mod size;
mod slow;
mod tables;

use sqlx::{Connection, PgConnection};

use crate::{DatabaseOptions, DbError, error::During};

pub use bloat::Bloat;
pub use catalog::SchemaFault;
pub use connections::{ConnectionUse, Connections};
pub use indexes::{IndexState, Indexes, MissingIndex};
pub use locks::Wait;
pub use server::ServerFacts;
pub use size::{DatabaseSize, TableSize};
pub use slow::{SlowStatement, SlowStatements};
pub use tables::TableState;

/// A connection of the owner's, for looking in.
#[derive(Debug)]
pub struct Inspector {
    connection: PgConnection,
    /// Where `pg_stat_statements` may be instead: the private cluster keeps it out of the portal's
    /// database.
    maintenance: Option<DatabaseOptions>,
}

impl Inspector {
    /// Connects as the owner. `maintenance` names the private cluster's own database, where there
    /// is one.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(
        owner: &DatabaseOptions,
        maintenance: Option<&DatabaseOptions>,
    ) -> Result<Self, DbError> {
        let connection = PgConnection::connect_with(&owner.connect_options()?)
            .await
            .during("connect to the database to look into it")?;
        Ok(Self {
            connection,
            maintenance: maintenance.cloned(),
        })
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the server does not hear it.
    pub async fn close(self) -> Result<(), DbError> {
        self.connection.close().await.during("close the connection")
    }
}

/// A statement without its constants: quoted text becomes `'…'`, numbers `…`, and it is cut to what
/// fits a screen.
#[must_use]
pub fn without_constants(statement: &str) -> String {
    const LONGEST: usize = 300;
    let mut shown = String::new();
    let mut characters = statement.chars().peekable();
    let mut within_word = false;
    while let Some(character) = characters.next() {
        if shown.chars().count() >= LONGEST {
            shown.push('…');
            break;
        }
        match character {
            '\'' => {
                // A doubled quote inside stays inside.
                while let Some(inner) = characters.next() {
                    if inner == '\'' {
                        if characters.peek() == Some(&'\'') {
                            characters.next();
                        } else {
                            break;
                        }
                    }
                }
                shown.push_str("'…'");
                within_word = false;
            }
            digit if digit.is_ascii_digit() && !within_word => {
                while characters
                    .peek()
                    .is_some_and(|next| next.is_ascii_alphanumeric() || *next == '.')
                {
                    characters.next();
                }
                shown.push('…');
            }
            space if space.is_whitespace() => {
                if !shown.ends_with(' ') {
                    shown.push(' ');
                }
                within_word = false;
            }
            other => {
                // $1 and t2 are names, not constants.
                within_word = other.is_alphanumeric() || other == '_' || other == '$';
                shown.push(other);
            }
        }
    }
    shown.trim().to_owned()
}

/// A share of 1, or nothing of nothing.
fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::without_constants;

    #[test]
    fn constants_are_taken_out_of_statements() {
        for (statement, shown) in [
            (
                "SELECT * FROM users WHERE name = 'O''Neill, Ann' AND id = $1",
                "SELECT * FROM users WHERE name = '…' AND id = $1",
            ),
            ("SELECT 4711,\n   t2.x5 + 3.5e7", "SELECT …, t2.x5 + …"),
            ("SELECT 'never closed", "SELECT '…'"),
        ] {
            assert_eq!(without_constants(statement), shown);
        }
        assert!(without_constants(&"a ".repeat(1000)).ends_with('…'));
    }
}
