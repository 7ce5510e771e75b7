-- Single sign-on (OpenID Connect): sign-ins that are on their way through a provider, and who its people are here.

-- Only SHA-256 of what the browser brings back is kept.
CREATE TABLE portal.single_sign_on_starts (
    state      text PRIMARY KEY CONSTRAINT single_sign_on_starts_is_sha256 CHECK (state ~ '^[0-9a-f]{64}$'),
    browser    text NOT NULL CONSTRAINT single_sign_on_starts_browser_is_sha256 CHECK (browser ~ '^[0-9a-f]{64}$'),
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_single_sign_on_starts_expires_at ON portal.single_sign_on_starts (expires_at);

-- A provider's own name for somebody, which never changes, and the account here.
CREATE TABLE portal.single_sign_on_links (
    issuer       text NOT NULL,
    subject      text NOT NULL,
    user_id      uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX idx_single_sign_on_links_user_id ON portal.single_sign_on_links (user_id);

-- Sessions that began so, and end at the provider as well.
CREATE TABLE portal.single_sign_on_sessions (
    session_id uuid PRIMARY KEY REFERENCES public.sessions (session_id) ON DELETE CASCADE
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['single_sign_on_starts', 'single_sign_on_links', 'single_sign_on_sessions']
    LOOP
        EXECUTE format('ALTER TABLE portal.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE portal.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_maintains ON portal.%I TO portal_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, DELETE ON portal.single_sign_on_starts TO portal_anonymous;
CREATE POLICY sign_in ON portal.single_sign_on_starts TO portal_anonymous USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON portal.single_sign_on_sessions TO portal_anonymous;
CREATE POLICY sign_in ON portal.single_sign_on_sessions TO portal_anonymous USING (true) WITH CHECK (true);

-- Accounts are made and given roles with tech's rights, by the portal itself and by nobody who is signed in.
GRANT SELECT, INSERT, UPDATE (last_used_at) ON portal.single_sign_on_links TO portal_tech;
CREATE POLICY sign_in ON portal.single_sign_on_links TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL) WITH CHECK ((SELECT portal.actor_id()) IS NULL);
