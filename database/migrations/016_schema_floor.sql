-- Which programs may work on this schema. During a rolling upgrade the old and the new version share
-- the database: a migration that only adds leaves this alone, so the old version goes on; one that
-- takes something away inserts the number of the first migration a program must know.
CREATE TABLE portal.schema_floor (
    minimum_migration bigint PRIMARY KEY,
    reason            text NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE portal.schema_floor ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.schema_floor FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.schema_floor TO portal_owner USING (true) WITH CHECK (true);
