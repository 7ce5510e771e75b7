-- Seals of the audit trail: batches of rows under Merkle trees, each seal chained to the one before and signed
-- with a key that is not in the database.
CREATE TABLE portal.audit_seals (
    seal_number bigint PRIMARY KEY CONSTRAINT audit_seals_number_positive CHECK (seal_number > 0),
    -- SHA-256 of the seal before; zeros for the first.
    previous      bytea NOT NULL CONSTRAINT audit_seals_previous_length CHECK (length(previous) = 32),
    -- When the look at the trail began that this seal came of.
    sealed_at     timestamptz NOT NULL,
    -- What was written before this moment is sealed; a row that claims to be much older and is not was put in.
    settled_until timestamptz NOT NULL,
    -- pg_snapshot_xmax of that look, where it saw the trail to its end.
    next_transaction bigint,
    first_at      timestamptz NOT NULL,
    last_at       timestamptz NOT NULL,
    -- For each row, in order of created_at and log_id: log_id, created_at, user_id, SHA-256 of the row (72 bytes).
    entries       bytea NOT NULL CONSTRAINT audit_seals_entries_length CHECK (length(entries) % 72 = 0 AND length(entries) > 0),
    root          bytea NOT NULL CONSTRAINT audit_seals_root_length CHECK (length(root) = 32),
    key_id        bytea NOT NULL CONSTRAINT audit_seals_key_id_length CHECK (length(key_id) = 8),
    signature     bytea NOT NULL CONSTRAINT audit_seals_signature_length CHECK (length(signature) = 64)
);
CREATE INDEX idx_audit_seals_last_at ON portal.audit_seals (last_at, first_at);

-- Months of the trail that were moved into files: their rows are missing by right.
CREATE TABLE portal.audit_archives (
    partition   text PRIMARY KEY,
    from_at     timestamptz NOT NULL,
    until_at    timestamptz NOT NULL,
    row_count   bigint NOT NULL CONSTRAINT audit_archives_row_count CHECK (row_count >= 0),
    chain       bytea NOT NULL CONSTRAINT audit_archives_chain_length CHECK (length(chain) = 32),
    key_id      bytea NOT NULL CONSTRAINT audit_archives_key_id_length CHECK (length(key_id) = 8),
    signature   bytea NOT NULL CONSTRAINT audit_archives_signature_length CHECK (length(signature) = 64)
);

CREATE FUNCTION portal.refuse_change_of_seals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_logs_append_only';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON portal.audit_seals
    FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_seals();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON portal.audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_seals();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON portal.audit_archives
    FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_seals();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON portal.audit_archives
    FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_seals();

ALTER TABLE portal.audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.audit_seals TO portal_owner USING (true) WITH CHECK (true);
ALTER TABLE portal.audit_archives ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.audit_archives FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.audit_archives TO portal_owner USING (true) WITH CHECK (true);

GRANT SELECT ON public.audit_logs, portal.audit_archives TO portal_worker;
CREATE POLICY read_to_seal ON public.audit_logs FOR SELECT TO portal_worker USING (true);
CREATE POLICY read_archives ON portal.audit_archives FOR SELECT TO portal_worker, portal_tech USING (true);
GRANT SELECT ON portal.audit_archives, portal.audit_seals TO portal_tech;
GRANT SELECT, INSERT ON portal.audit_seals TO portal_worker;
CREATE POLICY seal ON portal.audit_seals FOR INSERT TO portal_worker WITH CHECK (true);
CREATE POLICY read_seals ON portal.audit_seals FOR SELECT TO portal_worker, portal_tech USING (true);
