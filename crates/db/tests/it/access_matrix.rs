//! Every table × role × command, tried as the portal's login role on the example portal. What comes of
//! it is kept in `database/access.txt`, which `make schema` renews; a change there is a change of who may
//! do what, and is looked at as such.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use domain::Role;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use testkit::{TestApp, TestOptions};

use crate::take_on;

/// Who tries: the role, a name for the matrix, and the address; the stranger is a patient without films.
const ACTORS: [(&str, &str, &str); 8] = [
    ("anonymous", "anonymous", "nobody"),
    ("patient", "patient", "patient@example.com"),
    ("patient", "stranger", ""),
    ("radiologist", "radiologist", "radiologist@example.com"),
    ("doctor", "doctor", "doctor@example.com"),
    ("tech", "tech", "tech@example.com"),
    ("emergency", "emergency", "nobody"),
    ("worker", "worker", "nobody"),
];

/// The commands, each as it is tried on one relation.
const COMMANDS: [&str; 4] = ["select", "insert", "update", "delete"];

struct Relation {
    name: String,
    /// Columns that are not generated.
    columns: Vec<String>,
    is_table: bool,
    rows: i64,
}

/// The example portal, and the accounts of the actors.
struct Portal {
    _app: TestApp,
    superuser: PgConnection,
    login: PgConnection,
    actors: [(&'static str, &'static str, String); 8],
}

impl Portal {
    async fn filled() -> Self {
        let app = TestApp::start_with(TestOptions {
            background: true,
            ..TestOptions::default()
        })
        .await;
        demo::seed::fill(&app.router(), &app.database, testkit::PASSWORD, |_| ())
            .await
            .unwrap();
        app.client(Role::Patient).await;
        let mut superuser = app.test_database.superuser().await;
        let login = PgConnection::connect(&app.test_database.login().url)
            .await
            .unwrap();
        let mut actors = Vec::new();
        for (role, name, email) in ACTORS {
            let id: Option<String> = sqlx::query_scalar(
                "SELECT id::text FROM users WHERE role::text = $1 AND (email = $2 OR ($2 = '' AND email NOT LIKE '%@example.com'))
                 ORDER BY created_at DESC LIMIT 1",
            )
            .bind(role)
            .bind(email)
            .fetch_optional(&mut superuser)
            .await
            .unwrap();
            actors.push((role, name, id.unwrap_or_default()));
        }
        Self {
            _app: app,
            superuser,
            login,
            actors: actors.try_into().unwrap(),
        }
    }
}

async fn relations(superuser: &mut PgConnection) -> Vec<Relation> {
    let found = sqlx::query(
        "SELECT n.nspname || '.' || c.relname AS name, c.relkind IN ('r', 'p') AS is_table,
                array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '' AND a.attidentity <> 'a') AS columns
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE n.nspname IN ('public', 'portal') AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
         GROUP BY 1, 2 ORDER BY 1",
    )
    .fetch_all(&mut *superuser)
    .await
    .unwrap();
    let mut relations = Vec::new();
    for row in found {
        let name: String = row.get("name");
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {name}")))
            .fetch_one(&mut *superuser)
            .await
            .unwrap();
        relations.push(Relation {
            name,
            columns: row.get("columns"),
            is_table: row.get("is_table"),
            rows,
        });
    }
    relations
}

/// Runs statements as an actor, in a transaction that is undone; gives rows, or the error's code.
async fn attempt(
    login: &mut PgConnection,
    role: &str,
    actor: &str,
    sql: &str,
) -> Result<u64, String> {
    let mut tx = login.begin().await.unwrap();
    take_on(&mut tx, role, actor).await;
    let outcome = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut *tx)
        .await;
    tx.rollback().await.unwrap();
    match outcome {
        Ok(rows) => Ok(rows.len() as u64),
        Err(error) => Err(error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .map_or_else(|| error.to_string(), std::borrow::Cow::into_owned)),
    }
}

/// Columns that a role may use in a command.
async fn columns(
    superuser: &mut PgConnection,
    relation: &Relation,
    role: &str,
    command: &str,
) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT name FROM unnest($3::text[]) name WHERE has_column_privilege('portal_' || $1, $2, name, $4)",
    )
    .bind(role)
    .bind(&relation.name)
    .bind(&relation.columns)
    .bind(command)
    .fetch_all(superuser)
    .await
    .unwrap()
}

/// What comes of one command, as a word: `denied`, `none`, `some`, `all`, or that a rule behind row
/// security (a trigger, a constraint) has the last word.
async fn verdict(
    superuser: &mut PgConnection,
    login: &mut PgConnection,
    relation: &Relation,
    (role, actor): (&str, &str),
    command: &str,
) -> String {
    let name = &relation.name;
    let usable = match command {
        "delete" => Vec::new(),
        other => columns(superuser, relation, role, other).await,
    };
    // Without a grant the whole row is tried, so that it is the database that says no.
    let tried = if usable.is_empty() {
        &relation.columns
    } else {
        &usable
    };
    let (list, first) = (tried.join(", "), &tried[0]);
    let partly = if usable.is_empty() || usable.len() == relation.columns.len() {
        ""
    } else {
        " (columns)"
    };
    let sql = match command {
        "select" => format!("SELECT {list} FROM {name}"),
        "insert" => return insert(superuser, login, relation, (role, actor), tried).await + partly,
        "update" => format!("UPDATE {name} SET {first} = {first} RETURNING 1"),
        _ => format!("DELETE FROM {name} RETURNING 1"),
    };
    let outcome = attempt(login, role, actor, &sql).await;
    // RETURNING needs the right to read; without it the command itself is what counts.
    let outcome = match outcome {
        Err(code) if code == "42501" && command != "select" => {
            attempt(login, role, actor, sql.trim_end_matches(" RETURNING 1"))
                .await
                .map(|_| 0)
        }
        other => other,
    };
    word(outcome, relation.rows) + partly
}

/// A copy of the first row: row security is asked before the key turns out to be taken.
async fn insert(
    superuser: &mut PgConnection,
    login: &mut PgConnection,
    relation: &Relation,
    (role, actor): (&str, &str),
    columns: &[String],
) -> String {
    let (name, list) = (&relation.name, columns.join(", "));
    let row: Option<String> = sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT to_jsonb(t)::text FROM {name} t LIMIT 1"
    )))
    .fetch_optional(superuser)
    .await
    .unwrap();
    let source = match row {
        Some(row) => format!(
            "SELECT {list} FROM jsonb_populate_record(NULL::{name}, '{}')",
            row.replace('\'', "''")
        ),
        None => format!("SELECT {list} FROM jsonb_populate_record(NULL::{name}, '{{}}')"),
    };
    let outcome = attempt(
        login,
        role,
        actor,
        &format!("INSERT INTO {name} ({list}) {source}"),
    )
    .await;
    match outcome {
        Ok(_) => "allowed".to_owned(),
        // The row came as far as the table's own rules.
        Err(code) if code.starts_with("23") => "allowed".to_owned(),
        Err(code) => word(Err(code), relation.rows),
    }
}

fn word(outcome: Result<u64, String>, rows: i64) -> String {
    match outcome {
        Ok(0) if rows == 0 => "allowed".to_owned(),
        Ok(0) => "none".to_owned(),
        Ok(found) if found as i64 == rows => "all".to_owned(),
        Ok(_) => "some".to_owned(),
        Err(code) if code == "42501" => "denied".to_owned(),
        Err(code) => format!("refused {code}"),
    }
}

fn kept() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../database/access.txt")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_of_tables_roles_and_commands_is_as_kept() {
    let mut portal = Portal::filled().await;
    let (superuser, login) = (&mut portal.superuser, &mut portal.login);
    let mut matrix = String::from(
        "# Who may do what, tried on the example portal; renewed by `make schema`.\n# denied: no right at all; none, some, all: of the rows that are there; allowed: nothing of that kind was there, or\n# the row came as far as the table's own constraints; refused: a trigger says no; (columns): not every column.\n",
    );
    let mut denied: BTreeMap<(String, &str, &str), bool> = BTreeMap::new();
    for relation in relations(superuser).await {
        writeln!(matrix, "\n{}", relation.name).unwrap();
        for (role, name, actor) in &portal.actors {
            let mut cells = Vec::new();
            for command in COMMANDS {
                if !relation.is_table && command != "select" {
                    continue;
                }
                let verdict = verdict(superuser, login, &relation, (role, actor), command).await;
                denied.insert(
                    (relation.name.clone(), name, command),
                    verdict.starts_with("denied"),
                );
                cells.push(format!("{command} {verdict}"));
            }
            writeln!(matrix, "  {name:<12} {}", cells.join(", ")).unwrap();
        }
    }
    for (_, name, _) in ACTORS {
        for command in ["update", "delete"] {
            let key = ("public.audit_logs".to_owned(), name, command);
            assert!(denied[&key], "{name} may {command} the audit trail");
        }
    }
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(kept(), &matrix).unwrap();
    }
    let kept = std::fs::read_to_string(kept()).unwrap_or_default();
    assert!(kept == matrix, "{}", differences(&kept, &matrix));
}

fn differences(kept: &str, found: &str) -> String {
    let section = |text: &str| -> Vec<String> {
        let mut relation = "";
        text.lines()
            .map(|line| {
                if !line.starts_with(' ') {
                    relation = line;
                }
                format!("{relation}: {line}")
            })
            .collect()
    };
    let (kept, found) = (section(kept), section(found));
    let mut text = "database/access.txt differs; look at each, then `make schema`\n".to_owned();
    for line in found.iter().filter(|line| !kept.contains(line)) {
        writeln!(text, "+ {line}").unwrap();
    }
    for line in kept.iter().filter(|line| !found.contains(line)) {
        writeln!(text, "- {line}").unwrap();
    }
    text
}

/// Whatever a patient can read anywhere names no other patient: neither account nor address nor report.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_patient_can_read_names_another_patient() {
    let mut portal = Portal::filled().await;
    let (superuser, login) = (&mut portal.superuser, &mut portal.login);
    let patient = portal.actors[1].2.as_str();
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT id::text FROM users WHERE role = 'patient' AND id <> $1::uuid
         UNION ALL SELECT email FROM users WHERE role = 'patient' AND id <> $1::uuid
         UNION ALL SELECT name FROM users WHERE role = 'patient' AND id <> $1::uuid
         UNION ALL SELECT report_id::text FROM medical_reports WHERE patient_id <> $1::uuid",
    )
    .bind(patient)
    .fetch_all(&mut *superuser)
    .await
    .unwrap();
    assert!(others.len() > 20);
    let mut read = 0;
    for relation in relations(superuser).await {
        let usable = columns(superuser, &relation, "patient", "select").await;
        if usable.is_empty() {
            continue;
        }
        let mut tx = login.begin().await.unwrap();
        take_on(&mut tx, "patient", patient).await;
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT to_jsonb(r)::text FROM (SELECT {} FROM {}) r",
            usable.join(", "),
            relation.name
        )))
        .fetch_all(&mut *tx)
        .await
        .unwrap();
        tx.rollback().await.unwrap();
        read += rows.len();
        for row in rows {
            for other in &others {
                assert!(!row.contains(other.as_str()), "{}: {row}", relation.name);
            }
        }
    }
    assert!(read > 10, "the patient reads {read} rows");
}
