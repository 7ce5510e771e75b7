-- How far the audit trail was handed to collectors (syslog over TLS): seal by seal, so that nothing is left out.
CREATE TABLE portal.audit_deliveries (
    -- Address and port, as configured.
    collector     text PRIMARY KEY,
    -- The rows of this seal and of all before it are there.
    seal_number   bigint NOT NULL CONSTRAINT audit_deliveries_seal_number CHECK (seal_number >= 0),
    delivered_at  timestamptz,
    -- When what has failed since then failed first.
    failing_since timestamptz,
    -- Until then one portal is at it.
    taken_until   timestamptz
);

ALTER TABLE portal.audit_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.audit_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.audit_deliveries TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON portal.audit_deliveries TO portal_worker;
GRANT SELECT ON portal.audit_deliveries TO portal_tech;
CREATE POLICY deliver ON portal.audit_deliveries TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY read_deliveries ON portal.audit_deliveries FOR SELECT TO portal_tech USING (true);
