-- Tokens for programs (a modality's router, an archive, a viewer). Each stands for a service account, which nobody can
-- sign in to, and opens what its scopes name and the account's role may do. Only its SHA-256 is kept.
CREATE TABLE portal.program_tokens (
    token_id     uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    name         text NOT NULL CONSTRAINT program_tokens_name_length CHECK (length(name) BETWEEN 1 AND 100),
    token        text NOT NULL CONSTRAINT program_tokens_token_is_sha256 CHECK (token ~ '^[0-9a-f]{64}$'),
    scopes       text[] NOT NULL CONSTRAINT program_tokens_some_scopes CHECK (cardinality(scopes) BETWEEN 1 AND 20),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT program_tokens_time CHECK (expires_at > created_at)
);
CREATE UNIQUE INDEX idx_program_tokens_token ON portal.program_tokens (token);
CREATE INDEX idx_program_tokens_user_id ON portal.program_tokens (user_id);
ALTER TABLE portal.program_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.program_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.program_tokens TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees and revokes them. They are made at the command line alone: whoever could make one for a doctor's role
-- while signed in could read what tech does not.
GRANT SELECT (token_id, user_id, name, scopes, created_at, expires_at, last_used_at, revoked_at), INSERT, UPDATE (revoked_at)
    ON portal.program_tokens TO portal_tech;
CREATE POLICY oversee ON portal.program_tokens FOR SELECT TO portal_tech USING (true);
CREATE POLICY revoke ON portal.program_tokens FOR UPDATE TO portal_tech
    USING (revoked_at IS NULL) WITH CHECK (revoked_at IS NOT NULL);
CREATE POLICY make_at_the_command_line ON portal.program_tokens FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);

-- Who a program's token stands for, if it and the account still hold. Served by idx_program_tokens_token.
CREATE FUNCTION portal.program_of(digest text, present timestamptz)
    RETURNS TABLE (token_id uuid, user_id uuid, role text, scopes text[], last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT t.token_id, t.user_id, u.role, t.scopes, t.last_used_at
    FROM portal.program_tokens t JOIN public.users u ON u.id = t.user_id
    WHERE t.token = digest AND t.revoked_at IS NULL AND t.expires_at > present AND u.is_active
$$;
-- Notes that it was used; whoever has it may.
CREATE FUNCTION portal.note_program_use(digest text, present timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ UPDATE portal.program_tokens t SET last_used_at = present WHERE t.token = digest $$;
REVOKE ALL ON FUNCTION portal.program_of(text, timestamptz), portal.note_program_use(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.program_of(text, timestamptz), portal.note_program_use(text, timestamptz) TO portal_anonymous;
