//! Proving an export with nothing but the public keys.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use serde::Serialize;

use crate::{
    Archive, Entry, Fault, PublicKeys, Report, Seal, TrailError,
    export::{FORMAT, Head, Line},
};

/// What proving an export came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileProof {
    /// The first and the last seal in it.
    pub from_seal: Option<i64>,
    /// The last seal in it.
    pub until_seal: Option<i64>,
    /// What was looked at, and what is wrong.
    #[serde(flatten)]
    pub report: Report,
}

/// Reads an export and holds its rows to its seals, and these to the keys. One seal's rows are held at a time.
///
/// # Errors
/// When the file cannot be read or is none of an export, or is cut off. What is wrong with the trail is in the report.
pub fn verify_file(path: &Path, keys: &PublicKeys) -> Result<FileProof, TrailError> {
    let file = File::open(path).map_err(|source| TrailError::Io {
        what: format!("cannot read {}", path.display()),
        source,
    })?;
    let mut number = 0;
    let mut lines = BufReader::new(file).lines();
    let bad = |line: u64, reason: String| TrailError::NotAnExport {
        path: path.to_owned(),
        line,
        reason,
    };
    let mut next = || -> Result<Option<(u64, String)>, TrailError> {
        number += 1;
        let line = lines
            .next()
            .transpose()
            .map_err(|error| bad(number, error.to_string()))?;
        Ok(line.map(|line| (number, line)))
    };
    let (_, first) = next()?.ok_or_else(|| bad(1, "it is empty".to_owned()))?;
    let head: Head = serde_json::from_str(&first).map_err(|error| bad(1, error.to_string()))?;
    if head.format != FORMAT {
        return Err(bad(1, format!("it is of the form '{}'", head.format)));
    }
    let mut reading = Reading::new(head, keys);
    while let Some((number, text)) = next()? {
        let line: Line =
            serde_json::from_str(&text).map_err(|error| bad(number, error.to_string()))?;
        match line {
            Line::Seal(seal) => reading.seal(seal),
            Line::Row(row) => reading.row(Entry::of(&row.into_row())),
            Line::End(end) => {
                reading.close();
                if next()?.is_some() {
                    return Err(bad(number, "something follows the last line".to_owned()));
                }
                if reading.report.seals != end.seals {
                    let reason = format!(
                        "the last line speaks of {} seals and there are {}",
                        end.seals, reading.report.seals
                    );
                    let seal = reading.number() + 1;
                    reading.report.fault(Fault::Seal { seal, reason });
                }
                return Ok(FileProof {
                    from_seal: reading.first,
                    until_seal: reading.report.newest_seal,
                    report: reading.report,
                });
            }
        }
    }
    Err(bad(
        number,
        "it is cut off: the last line is missing".to_owned(),
    ))
}

struct Reading<'a> {
    keys: &'a PublicKeys,
    archives: Vec<Archive>,
    report: Report,
    first: Option<i64>,
    before: Option<Seal>,
    after: i64,
    /// Entries of the seal that is being read, and how many have been met.
    entries: Vec<Entry>,
    met: usize,
    /// Entries that were passed over.
    passed: Vec<Entry>,
}

impl<'a> Reading<'a> {
    fn new(head: Head, keys: &'a PublicKeys) -> Self {
        let (archives, forged): (Vec<_>, Vec<_>) = head
            .archives
            .into_iter()
            .partition(|archive| archive.is_signed(keys));
        let mut report = Report::default();
        for archive in forged {
            report.fault(Fault::Seal {
                seal: 0,
                reason: format!(
                    "the note that {} was archived is not signed by a trusted key",
                    archive.partition
                ),
            });
        }
        Self {
            keys,
            archives,
            report,
            first: None,
            before: None,
            after: head.after,
            entries: Vec::new(),
            met: 0,
            passed: Vec::new(),
        }
    }

    fn seal(&mut self, seal: Seal) {
        self.close();
        let last = self
            .before
            .as_ref()
            .map_or(self.after, |before| before.number);
        let expected = match &self.before {
            Some(before) => Some(before.hash()),
            None if self.after == 0 => Some([0; 32]),
            // The seal before is not in the file.
            None => None,
        };
        if seal.number != last + 1 {
            self.report.fault(Fault::Seal {
                seal: last + 1,
                reason: format!("it is missing; {} follows", seal.number),
            });
        } else if expected.is_some_and(|expected| expected[..] != seal.previous[..]) {
            self.report.fault(Fault::Seal {
                seal: seal.number,
                reason: "it does not follow the seal before".to_owned(),
            });
        }
        match seal.prove(self.keys) {
            Ok(entries) => self.entries = entries,
            Err(reason) => self.report.fault(Fault::Seal {
                seal: seal.number,
                reason,
            }),
        }
        self.report.seals += 1;
        self.first = self.first.or(Some(seal.number));
        self.report.newest_seal = Some(seal.number);
        self.report.settled_until = Some(seal.settled_until);
        self.before = Some(seal);
    }

    fn number(&self) -> i64 {
        self.before.as_ref().map_or(0, |seal| seal.number)
    }

    /// Holds a row to the entry that stands here. Those in between are missing, or come later in the file and were
    /// moved.
    fn row(&mut self, found: Entry) {
        let (log_id, created_at, seal) = (found.log_id, found.created_at, self.number());
        let rest = &self.entries[self.met..];
        if let Some(ahead) = rest.iter().position(|entry| entry.log_id == log_id) {
            self.passed.extend_from_slice(&rest[..ahead]);
            let entry = rest[ahead];
            self.met += ahead + 1;
            if entry == found {
                self.report.rows += 1;
            } else {
                let created_at = entry.created_at;
                self.report.fault(Fault::Altered {
                    log_id,
                    created_at,
                    seal,
                });
            }
            return;
        }
        let passed = self.passed.iter().position(|entry| entry.log_id == log_id);
        if let Some(passed) = passed {
            self.passed.remove(passed);
        }
        // Met before: it was moved, or stands there twice. Never sealed: it was put in.
        let is_sealed = self.entries.iter().any(|entry| entry.log_id == log_id);
        self.report.fault(if is_sealed {
            Fault::Moved {
                log_id,
                created_at,
                claims: None,
                seal,
            }
        } else {
            Fault::PutIn { log_id, created_at }
        });
    }

    /// The seal's rows have all come.
    fn close(&mut self) {
        let seal = self.number();
        self.passed.extend_from_slice(&self.entries[self.met..]);
        for entry in std::mem::take(&mut self.passed) {
            let (log_id, created_at) = (entry.log_id, entry.created_at);
            if self
                .archives
                .iter()
                .any(|archive| archive.covers(created_at))
            {
                self.report.archived += 1;
            } else {
                self.report.fault(Fault::Missing {
                    log_id,
                    created_at,
                    seal,
                });
            }
        }
        self.entries.clear();
        self.met = 0;
    }
}
