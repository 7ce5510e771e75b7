-- Codes that are sent to an account's address, or handed over by tech, each good once and for a while: to choose
-- a new password, and to show that mail reaches the owner. Only their SHA-256 is kept.
CREATE TABLE portal.account_tokens (
    user_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    purpose    text NOT NULL CONSTRAINT account_tokens_purpose_check CHECK (purpose IN ('reset_password', 'verify_address')),
    token      text NOT NULL CONSTRAINT account_tokens_token_is_sha256 CHECK (token ~ '^[0-9a-f]{64}$'),
    address    portal.citext NOT NULL, -- worth nothing once the account has another
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, purpose)
);
CREATE UNIQUE INDEX idx_account_tokens_token ON portal.account_tokens (token);

-- Addresses whose owners have shown that mail reaches them.
CREATE TABLE portal.verified_addresses (
    user_id     uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    address     portal.citext NOT NULL,
    verified_at timestamptz NOT NULL
);

ALTER TABLE portal.account_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.account_tokens FORCE ROW LEVEL SECURITY;
ALTER TABLE portal.verified_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.verified_addresses FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.account_tokens TO portal_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_maintains ON portal.verified_addresses TO portal_owner USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON portal.account_tokens TO portal_anonymous;
GRANT SELECT, INSERT, UPDATE ON portal.verified_addresses TO portal_anonymous;
CREATE POLICY sign_in ON portal.account_tokens TO portal_anonymous USING (true) WITH CHECK (true);
CREATE POLICY sign_in ON portal.verified_addresses TO portal_anonymous USING (true) WITH CHECK (true);

-- Tech makes codes for a new password and hands them over; it cannot read those that were sent.
GRANT SELECT (user_id, purpose, created_at, expires_at), INSERT, UPDATE ON portal.account_tokens TO portal_tech;
CREATE POLICY hand_over ON portal.account_tokens TO portal_tech
    USING (purpose = 'reset_password') WITH CHECK (purpose = 'reset_password');
