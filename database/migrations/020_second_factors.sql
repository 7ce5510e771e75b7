-- Second factors of accounts, sign-ins that wait for one, and what a session has proved.

-- The secret that codes by time (RFC 6238) are made from, one an account. It is sealed with a key that is not
-- in the database. NULL in confirmed_at: being set up, and good for nothing yet.
CREATE TABLE portal.totp (
    user_id      uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    secret       bytea NOT NULL,
    last_step    bigint NOT NULL DEFAULT 0, -- the newest half minute of which a code was taken: none is taken twice
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);

-- Codes for when the device is lost, each good once. Only their SHA-256 is kept.
CREATE TABLE portal.recovery_codes (
    user_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    code       text NOT NULL CONSTRAINT recovery_codes_code_is_sha256 CHECK (code ~ '^[0-9a-f]{64}$'),
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (user_id, code)
);

-- Sign-ins whose password was right and whose second factor is still to come.
CREATE TABLE portal.sign_in_challenges (
    challenge  text PRIMARY KEY CONSTRAINT sign_in_challenges_is_sha256 CHECK (challenge ~ '^[0-9a-f]{64}$'),
    user_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_sign_in_challenges_user_id ON portal.sign_in_challenges (user_id);
CREATE INDEX idx_sign_in_challenges_expires_at ON portal.sign_in_challenges (expires_at);

-- When whoever holds a session last proved to be its owner, and whether with a second factor.
CREATE TABLE portal.session_proofs (
    session_id    uuid PRIMARY KEY REFERENCES public.sessions (session_id) ON DELETE CASCADE,
    proved_at     timestamptz NOT NULL,
    second_factor boolean NOT NULL,
    spent         boolean NOT NULL DEFAULT false -- used for an act that wants a proof of its own
);

ALTER TABLE portal.totp ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.totp FORCE ROW LEVEL SECURITY;
ALTER TABLE portal.recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.recovery_codes FORCE ROW LEVEL SECURITY;
ALTER TABLE portal.sign_in_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.sign_in_challenges FORCE ROW LEVEL SECURITY;
ALTER TABLE portal.session_proofs ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.session_proofs FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.totp TO portal_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_maintains ON portal.recovery_codes TO portal_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_maintains ON portal.sign_in_challenges TO portal_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_maintains ON portal.session_proofs TO portal_owner USING (true) WITH CHECK (true);

-- Whoever signs in is nobody yet, so all of it is done before a role is taken on. No signed-in role can read
-- a secret, not even its own.
GRANT SELECT, INSERT, UPDATE, DELETE ON portal.totp, portal.recovery_codes, portal.sign_in_challenges TO portal_anonymous;
GRANT SELECT, INSERT, UPDATE ON portal.session_proofs TO portal_anonymous;
CREATE POLICY sign_in ON portal.totp TO portal_anonymous USING (true) WITH CHECK (true);
CREATE POLICY sign_in ON portal.recovery_codes TO portal_anonymous USING (true) WITH CHECK (true);
CREATE POLICY sign_in ON portal.sign_in_challenges TO portal_anonymous USING (true) WITH CHECK (true);
CREATE POLICY sign_in ON portal.session_proofs TO portal_anonymous USING (true) WITH CHECK (true);

-- Tech sees who has one, and takes away that of somebody who lost the device.
GRANT SELECT (user_id, confirmed_at), DELETE ON portal.totp TO portal_tech;
GRANT SELECT (user_id), DELETE ON portal.recovery_codes TO portal_tech;
GRANT SELECT (user_id), DELETE ON portal.sign_in_challenges TO portal_tech;
CREATE POLICY reset ON portal.totp TO portal_tech USING (true);
CREATE POLICY reset ON portal.recovery_codes TO portal_tech USING (true);
CREATE POLICY reset ON portal.sign_in_challenges TO portal_tech USING (true);
