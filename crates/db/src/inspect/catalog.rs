//! The schema as a list of facts, one a line, and how a database's list differs from the one this
//! program was built for: what somebody changed by hand, or a migration that went half-way.
//!
//! `database/catalog.txt` is that list, written by `make schema`. Names and definitions are as
//! PostgreSQL prints them; views are listed by name only, since their printed text differs between
//! major versions.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::PgConnection;

use super::Inspector;
use crate::{DatabaseOptions, DbError, error::During};

/// The facts of the schema this program was built for.
const EXPECTED: &str = include_str!("../../../../database/catalog.txt");

/// A fact that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaFault {
    /// `role`, `member`, `table`, `column`, `constraint`, `index`, `trigger`, `policy`, `grant`,
    /// `function` or `view`.
    pub kind: String,
    /// Of what, such as `public.users`.
    pub object: String,
    /// What should be there; absent for what should not be.
    pub expected: Option<String>,
    /// What is there; absent for what is missing.
    pub found: Option<String>,
}

impl SchemaFault {
    /// A statement that puts it right without touching a row, where there is one.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let (kind, object) = (self.kind.as_str(), self.object.as_str());
        match (kind, &self.expected, &self.found) {
            ("table", Some(_), Some(_)) => Some(format!(
                "ALTER TABLE {object} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO portal_owner"
            )),
            ("index", Some(definition), None) => {
                Some(definition.trim_start_matches("valid ").replacen(
                    "INDEX ",
                    "INDEX CONCURRENTLY ",
                    1,
                ))
            }
            ("index", Some(_), Some(_)) => Some(format!("REINDEX INDEX CONCURRENTLY {object}")),
            ("trigger", Some(_), Some(found)) if found.starts_with("D ") => {
                let (table, trigger) = object.rsplit_once('.')?;
                Some(format!("ALTER TABLE {table} ENABLE TRIGGER {trigger}"))
            }
            ("grant", Some(_), None) => {
                let (privilege, on) = object.split_once(" on ")?;
                let (on, to) = on.rsplit_once(" to ")?;
                Some(format!("GRANT {privilege} ON {on} TO {to}"))
            }
            ("grant", None, Some(_)) => {
                let (privilege, on) = object.split_once(" on ")?;
                let (on, to) = on.rsplit_once(" to ")?;
                Some(format!("REVOKE {privilege} ON {on} FROM {to}"))
            }
            ("policy", None, Some(_)) => {
                let (table, policy) = object.rsplit_once('.')?;
                Some(format!("DROP POLICY {policy} ON {table}"))
            }
            ("role", Some(expected), Some(_)) => Some(format!("ALTER ROLE {object} {expected}")),
            ("member", Some(_), None) => {
                let (member, role) = object.split_once(" of ")?;
                Some(format!("GRANT {role} TO {member}"))
            }
            _ => None,
        }
    }

    /// The fault in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self {
            kind,
            object,
            expected,
            found,
        } = self;
        match (expected, found) {
            (Some(_), None) => format!("{kind} {object} is missing"),
            (None, _) => format!("{kind} {object} should not be there"),
            (Some(expected), Some(found)) => {
                format!("{kind} {object} is `{found}`, should be `{expected}`")
            }
        }
    }
}

impl Inspector {
    /// How this database's schema, roles and rights differ from what this program was built for.
    /// Indexes that somebody added count as no fault.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn schema_faults(&mut self) -> Result<Vec<SchemaFault>, DbError> {
        Ok(compare(
            EXPECTED.lines(),
            facts(&mut self.connection)
                .await?
                .iter()
                .map(String::as_str),
        ))
    }
}

/// The facts of a database's schema, for `database/catalog.txt`.
///
/// # Errors
/// When the database does not answer.
pub async fn print(owner: &DatabaseOptions) -> Result<String, DbError> {
    let mut inspector = Inspector::connect(owner, None).await?;
    let mut text = facts(&mut inspector.connection).await?.join("\n");
    text.push('\n');
    inspector.close().await?;
    Ok(text)
}

/// Each fact is `kind | object | what it is`, on one line.
fn parse(line: &str) -> Option<((&str, &str), &str)> {
    let (kind, rest) = line.split_once(" | ")?;
    let (object, what) = rest.split_once(" | ")?;
    Some(((kind, object), what))
}

fn compare<'a>(
    expected: impl Iterator<Item = &'a str>,
    found: impl Iterator<Item = &'a str>,
) -> Vec<SchemaFault> {
    let expected: BTreeMap<_, _> = expected.filter_map(parse).collect();
    let found: BTreeMap<_, _> = found.filter_map(parse).collect();
    let fault =
        |(kind, object): (&str, &str), expected: Option<&str>, found: Option<&str>| SchemaFault {
            kind: kind.to_owned(),
            object: object.to_owned(),
            expected: expected.map(str::to_owned),
            found: found.map(str::to_owned),
        };
    let missing_or_changed = expected.iter().filter_map(|(key, what)| {
        let there = found.get(key).copied();
        (there != Some(*what)).then(|| fault(*key, Some(what), there))
    });
    let extra = found
        .iter()
        .filter(|(key, _)| key.0 != "index" && !expected.contains_key(*key))
        .map(|(key, what)| fault(*key, None, Some(what)));
    missing_or_changed.chain(extra).collect()
}

async fn facts(connection: &mut PgConnection) -> Result<Vec<String>, DbError> {
    sqlx::query_scalar!(
        r#"WITH relations AS (
               SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relname, c.relkind, c.relowner, c.relrowsecurity,
                      c.relforcerowsecurity, c.relacl, n.nspname
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname IN ('public', 'portal') AND NOT c.relispartition AND c.relkind IN ('r', 'p', 'v')
                 AND c.relname <> 'schema_migrations'
           )
           SELECT regexp_replace(line, '\s+', ' ', 'g') AS "line!" FROM (
               SELECT format('role | %s | %s %s %s %s %s', rolname,
                             CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
                             CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
                             CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
                             CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
                             CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END)
               FROM pg_roles
               WHERE rolname IN ('portal_owner', 'portal_login', 'portal_anonymous', 'portal_patient', 'portal_radiologist',
                                 'portal_doctor', 'portal_tech', 'portal_emergency', 'portal_worker')
               UNION ALL
               SELECT format('member | portal_login of %s | member', r.rolname)
               FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
               WHERE l.rolname = 'portal_login'
               UNION ALL
               SELECT format('table | %s | rls=%s forced=%s owner=%s', name, relrowsecurity, relforcerowsecurity,
                             pg_get_userbyid(relowner))
               FROM relations WHERE relkind <> 'v'
               UNION ALL
               SELECT format('view | %s | owner=%s', name, pg_get_userbyid(relowner)) FROM relations WHERE relkind = 'v'
               UNION ALL
               SELECT format('column | %s.%s | %s%s%s', r.name, a.attname, format_type(a.atttypid, a.atttypmod),
                             CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
                             coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), ''))
               FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
               LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
               WHERE r.relkind <> 'v'
               UNION ALL
               SELECT format('constraint | %s.%s | %s', r.name, k.conname, pg_get_constraintdef(k.oid))
               FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype IN ('p', 'u', 'f', 'c')
               UNION ALL
               SELECT format('index | %s.%s | %s%s', r.nspname, x.relname, CASE WHEN i.indisvalid THEN 'valid ' ELSE 'INVALID ' END,
                             pg_get_indexdef(i.indexrelid))
               FROM relations r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
               UNION ALL
               SELECT format('trigger | %s.%s | %s %s', r.name, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid))
               FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
               UNION ALL
               SELECT format('policy | %s.%s.%s | %s to %s using %s check %s', p.schemaname, p.tablename, p.policyname, p.cmd,
                             array_to_string(p.roles, ','), coalesce(p.qual, '-'), coalesce(p.with_check, '-'))
               FROM pg_policies p WHERE p.schemaname IN ('public', 'portal')
               UNION ALL
               SELECT format('grant | %s on %s to %s | granted', g.privilege_type, r.name,
                             CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END)
               FROM relations r CROSS JOIN LATERAL aclexplode(r.relacl) g WHERE g.grantee <> r.relowner
               UNION ALL
               SELECT format('grant | %s (%s) on %s to %s | granted', g.privilege_type, a.attname, r.name,
                             CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END)
               FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
               CROSS JOIN LATERAL aclexplode(a.attacl) g WHERE g.grantee <> r.relowner
               UNION ALL
               SELECT format('function | %s.%s(%s) | owner=%s %s body=%s', n.nspname, p.proname,
                             pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner),
                             CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' ELSE 'SECURITY INVOKER' END,
                             md5(regexp_replace(p.prosrc, '\s+', ' ', 'g')))
               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname IN ('public', 'portal')
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
               UNION ALL
               SELECT format('grant | EXECUTE on FUNCTION %s.%s(%s) to %s | granted', n.nspname, p.proname,
                             pg_get_function_identity_arguments(p.oid),
                             CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END)
               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace CROSS JOIN LATERAL aclexplode(p.proacl) g
               WHERE n.nspname IN ('public', 'portal') AND g.grantee <> p.proowner
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
           ) facts(line)
           ORDER BY line COLLATE "C""#
    )
    .fetch_all(connection)
    .await
    .during("list the facts of the schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_with_their_remedies() {
        let expected = [
            "table | public.users | rls=t forced=t owner=portal_owner",
            "index | public.idx_users_email | valid CREATE UNIQUE INDEX idx_users_email ON public.users USING btree (lower(email))",
            "trigger | public.audit_logs.append_only | O CREATE TRIGGER …",
            "grant | SELECT on public.users to portal_tech | granted",
        ];
        let found = [
            "table | public.users | rls=f forced=t owner=portal_owner",
            "trigger | public.audit_logs.append_only | D CREATE TRIGGER …",
            "grant | UPDATE on public.audit_logs to portal_tech | granted",
            "index | public.idx_my_own | valid CREATE INDEX …",
            "policy | public.users.everybody | ALL to public using true check true",
        ];
        let faults = compare(expected.into_iter(), found.into_iter());
        let shown: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} => {}", fault.sentence(), fault.remedy().unwrap()))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @"
        grant SELECT on public.users to portal_tech is missing => GRANT SELECT ON public.users TO portal_tech
        index public.idx_users_email is missing => CREATE UNIQUE INDEX CONCURRENTLY idx_users_email ON public.users USING btree (lower(email))
        table public.users is `rls=f forced=t owner=portal_owner`, should be `rls=t forced=t owner=portal_owner` => ALTER TABLE public.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, OWNER TO portal_owner
        trigger public.audit_logs.append_only is `D CREATE TRIGGER …`, should be `O CREATE TRIGGER …` => ALTER TABLE public.audit_logs ENABLE TRIGGER append_only
        grant UPDATE on public.audit_logs to portal_tech should not be there => REVOKE UPDATE ON public.audit_logs FROM portal_tech
        policy public.users.everybody should not be there => DROP POLICY everybody ON public.users
        ");
    }
}
