-- Passkeys (Web Authentication): public keys that authenticators hold the private part of, and the questions that
-- were put to them.
CREATE TABLE portal.passkeys (
    passkey_id    uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential_id_length CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key    bytea NOT NULL, -- COSE
    name          text NOT NULL CONSTRAINT passkeys_name_length CHECK (length(name) BETWEEN 1 AND 100),
    transports    text[] NOT NULL, -- how the browser reaches the authenticator, so that it asks at the right place
    sign_count    bigint NOT NULL CONSTRAINT passkeys_sign_count_range CHECK (sign_count BETWEEN 0 AND 4294967295),
    is_backed_up  boolean NOT NULL, -- whether copies are kept elsewhere, as makers of telephones do
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);
CREATE UNIQUE INDEX idx_passkeys_credential_id ON portal.passkeys (credential_id);
CREATE INDEX idx_passkeys_user_id ON portal.passkeys (user_id, created_at);

-- Questions that wait for an authenticator's answer, each good once and for minutes. Only their SHA-256 is kept.
CREATE TABLE portal.passkey_challenges (
    challenge  text PRIMARY KEY CONSTRAINT passkey_challenges_is_sha256 CHECK (challenge ~ '^[0-9a-f]{64}$'),
    purpose    text NOT NULL CONSTRAINT passkey_challenges_purpose_check
               CHECK (purpose IN ('register', 'sign_in', 'second_factor', 'step_up')),
    -- Who was asked; nobody yet at a sign-in that begins with the passkey.
    user_id    uuid REFERENCES public.users (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    CONSTRAINT passkey_challenges_whose CHECK ((user_id IS NULL) = (purpose = 'sign_in'))
);
CREATE INDEX idx_passkey_challenges_user_id ON portal.passkey_challenges (user_id);
CREATE INDEX idx_passkey_challenges_expires_at ON portal.passkey_challenges (expires_at);

ALTER TABLE portal.passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.passkeys FORCE ROW LEVEL SECURITY;
ALTER TABLE portal.passkey_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.passkey_challenges FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.passkeys TO portal_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_maintains ON portal.passkey_challenges TO portal_owner USING (true) WITH CHECK (true);

-- As with the other factors, all of it is done before a role is taken on, for the account that is asked for.
GRANT SELECT, INSERT, UPDATE, DELETE ON portal.passkeys TO portal_anonymous;
GRANT SELECT, INSERT, DELETE ON portal.passkey_challenges TO portal_anonymous;
CREATE POLICY sign_in ON portal.passkeys TO portal_anonymous
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
CREATE POLICY sign_in ON portal.passkey_challenges TO portal_anonymous
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
CREATE POLICY sign_in_of_whoever ON portal.passkey_challenges TO portal_anonymous
    USING (user_id IS NULL) WITH CHECK (user_id IS NULL);

-- Whose something is: also by an authenticator's name for a passkey.
CREATE OR REPLACE FUNCTION portal.account_of(kind text, given text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT CASE kind
        WHEN 'address' THEN (SELECT u.id FROM public.users u WHERE u.email = given::portal.citext)
        WHEN 'challenge' THEN (SELECT c.user_id FROM portal.sign_in_challenges c WHERE c.challenge = given)
        WHEN 'code' THEN (SELECT t.user_id FROM portal.account_tokens t WHERE t.token = given)
        WHEN 'invitation' THEN (SELECT v.patient_id FROM portal.invitations v WHERE v.code = given)
        WHEN 'passkey' THEN (SELECT p.user_id FROM portal.passkeys p WHERE p.credential_id = decode(given, 'hex'))
    END
$$;
-- Questions that nobody answered are nobody's any more.
CREATE FUNCTION portal.forget_passkey_challenges_not_answered(present timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ DELETE FROM portal.passkey_challenges c WHERE c.expires_at <= present $$;
REVOKE ALL ON FUNCTION portal.forget_passkey_challenges_not_answered(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.forget_passkey_challenges_not_answered(timestamptz) TO portal_anonymous;

-- Tech sees who has some, and takes away those of somebody who lost them.
GRANT SELECT (user_id), DELETE ON portal.passkeys TO portal_tech;
CREATE POLICY reset ON portal.passkeys TO portal_tech USING (true);

-- Whoever asks for a passkey of somebody else leaves a row in the trail, as with other things.
CREATE OR REPLACE FUNCTION portal.sees(kind text, id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN CASE kind
        WHEN 'report' THEN EXISTS (SELECT FROM public.medical_reports t WHERE t.report_id = id)
        WHEN 'image' THEN EXISTS (SELECT FROM public.report_images t WHERE t.image_id = id)
        WHEN 'analysis' THEN EXISTS (SELECT FROM public.ai_analysis t WHERE t.analysis_id = id)
        WHEN 'review' THEN EXISTS (SELECT FROM public.doctor_reviews t WHERE t.review_id = id)
        WHEN 'user' THEN EXISTS (SELECT FROM public.users t WHERE t.id = sees.id)
        WHEN 'session' THEN EXISTS (SELECT FROM public.sessions t WHERE t.session_id = id)
        WHEN 'notification' THEN EXISTS (SELECT FROM public.notifications t WHERE t.notification_id = id)
        WHEN 'proposal' THEN EXISTS (SELECT FROM portal.history_proposals t WHERE t.proposal_id = id)
        WHEN 'upload' THEN EXISTS (SELECT FROM portal.uploads t WHERE t.upload_id = id)
        WHEN 'passkey' THEN false -- the own ones are found
        WHEN 'history' THEN id = portal.actor_id() OR current_user = 'portal_doctor'
            OR EXISTS (SELECT FROM public.patient_medical_history t WHERE t.patient_id = id)
            OR EXISTS (SELECT FROM public.medical_reports t WHERE t.patient_id = id)
        ELSE true
    END;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN false;
END
$$;
CREATE OR REPLACE FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb)
    RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    INSERT INTO public.audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                   new_values, status, error_message, created_at)
    SELECT DISTINCT ON (found.entity_type, found.entity_id) gen_random_uuid(), portal.actor_id(), as_role, 'refuse',
           found.entity_type, found.entity_id, address, agent, request, 'denied',
           'it is there, and not for this user to see', portal.present()
    FROM unnest(kinds, things) asked (kind, thing)
    CROSS JOIN LATERAL (
        SELECT 'report' AS entity_type, t.report_id AS entity_id FROM public.medical_reports t WHERE kind = 'report' AND t.report_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.report_images t WHERE kind = 'image' AND t.image_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.ai_analysis t WHERE kind = 'analysis' AND t.analysis_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.doctor_reviews t WHERE kind = 'review' AND t.review_id = thing
        UNION ALL SELECT CASE t.role WHEN 'patient' THEN 'patient' ELSE 'user' END, t.id FROM public.users t WHERE kind = 'user' AND t.id = thing
        UNION ALL SELECT 'session', t.session_id FROM public.sessions t WHERE kind = 'session' AND t.session_id = thing
        UNION ALL SELECT 'notification', t.notification_id FROM public.notifications t WHERE kind = 'notification' AND t.notification_id = thing
        UNION ALL SELECT 'history', t.patient_id FROM portal.history_proposals t WHERE kind = 'proposal' AND t.proposal_id = thing
        UNION ALL SELECT 'history', t.id FROM public.users t WHERE kind = 'history' AND t.id = thing AND t.role = 'patient'
        UNION ALL SELECT 'user', t.user_id FROM portal.passkeys t WHERE kind = 'passkey' AND t.passkey_id = thing
        UNION ALL SELECT 'upload', t.upload_id FROM portal.uploads t WHERE kind = 'upload' AND t.upload_id = thing
    ) found
$$;
