-- Before sign-in the portal reads the one account that is asked for and nothing else; patients write no
-- messages to others; a refusal of something that is there leaves a row in the trail.

-- The account that the present transaction is about, while nobody is signed in. Which one that is says
-- whoever knows it already: by its address, by the digest of a token or code, or by a session that holds.
CREATE FUNCTION portal.sought_account() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.sought_account', true), '')::uuid $$;
-- Under which digest failed sign-ins are counted in this transaction.
CREATE FUNCTION portal.sought_key() RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('portal.sought_key', true), ''), 'hex') $$;

-- Whose something is: an address, or the digest of a code or of a sign-in that waits. One answer for one
-- thing that the asker has; there is no list.
CREATE FUNCTION portal.account_of(kind text, given text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT CASE kind
        WHEN 'address' THEN (SELECT u.id FROM public.users u WHERE u.email = given::portal.citext)
        WHEN 'challenge' THEN (SELECT c.user_id FROM portal.sign_in_challenges c WHERE c.challenge = given)
        WHEN 'code' THEN (SELECT t.user_id FROM portal.account_tokens t WHERE t.token = given)
        WHEN 'invitation' THEN (SELECT v.patient_id FROM portal.invitations v WHERE v.code = given)
    END
$$;
-- Who a session's token stands for, if the session and the account still hold. Served by idx_sessions_token.
CREATE FUNCTION portal.session_of(digest text, present timestamptz, idle_minutes integer)
    RETURNS TABLE (session_id uuid, user_id uuid, role text, last_activity timestamptz, expires_at timestamptz, second_factor boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT s.session_id, s.user_id, u.role, s.last_activity, s.expires_at, coalesce(p.second_factor, false)
    FROM public.sessions s JOIN public.users u ON u.id = s.user_id
         LEFT JOIN portal.session_proofs p ON p.session_id = s.session_id
    WHERE s.token = digest AND s.is_active AND u.is_active AND s.expires_at > present
      AND s.last_activity > present - make_interval(mins => idle_minutes)
$$;
-- Sign-ins that were given up are nobody's any more.
CREATE FUNCTION portal.forget_sign_ins_given_up(present timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ DELETE FROM portal.sign_in_challenges c WHERE c.expires_at <= present $$;
REVOKE ALL ON FUNCTION portal.account_of(text, text), portal.session_of(text, timestamptz, integer),
    portal.forget_sign_ins_given_up(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.account_of(text, text), portal.session_of(text, timestamptz, integer),
    portal.forget_sign_ins_given_up(timestamptz) TO portal_anonymous;

ALTER POLICY sign_in ON public.users USING (id = (SELECT portal.sought_account()));
ALTER POLICY sign_in_note ON public.users USING (is_active AND id = (SELECT portal.sought_account()));
ALTER POLICY open_and_check ON public.sessions
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
ALTER POLICY count_failures ON portal.sign_in_failures
    USING (account_key = (SELECT portal.sought_key())) WITH CHECK (account_key = (SELECT portal.sought_key()));
ALTER POLICY redeem ON portal.invitations USING (patient_id = (SELECT portal.sought_account()));
ALTER POLICY sign_in ON portal.totp
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
ALTER POLICY sign_in ON portal.recovery_codes
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
ALTER POLICY sign_in ON portal.sign_in_challenges
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
ALTER POLICY sign_in ON portal.account_tokens
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
ALTER POLICY sign_in ON portal.verified_addresses
    USING (user_id = (SELECT portal.sought_account())) WITH CHECK (user_id = (SELECT portal.sought_account()));
-- Row security holds within this query too, so these are the sessions of the account asked for.
ALTER POLICY sign_in ON portal.session_proofs
    USING (session_id IN (SELECT s.session_id FROM public.sessions s))
    WITH CHECK (session_id IN (SELECT s.session_id FROM public.sessions s));

-- Whoever looks after a patient's history hears of a proposal; the words are these and no others.
CREATE FUNCTION portal.tell_keepers_of_own_history() RETURNS SETOF uuid
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    INSERT INTO public.notifications (notification_id, user_id, type, priority, title, message, action_url, created_at)
    SELECT gen_random_uuid(), k, 'history_proposed', 'normal', 'A patient proposes a change',
           'A patient proposes a change of the medical history. It waits for your decision.',
           '/patients/' || portal.actor_id(), portal.present()
    FROM portal.keepers_of_own_history() k
    RETURNING user_id
$$;
REVOKE ALL ON FUNCTION portal.tell_keepers_of_own_history() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.tell_keepers_of_own_history() TO portal_patient;
REVOKE INSERT ON public.notifications FROM portal_patient;
ALTER POLICY notify ON public.notifications TO portal_radiologist, portal_doctor, portal_tech, portal_worker;
-- The list of them is asked for by that function only.
REVOKE EXECUTE ON FUNCTION portal.keepers_of_own_history() FROM portal_patient;

-- Whether the acting role sees a thing. Runs with the actor's own eyes.
CREATE FUNCTION portal.sees(kind text, id uuid) RETURNS boolean
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
        WHEN 'history' THEN id = portal.actor_id() OR current_user = 'portal_doctor'
            OR EXISTS (SELECT FROM public.patient_medical_history t WHERE t.patient_id = id)
            OR EXISTS (SELECT FROM public.medical_reports t WHERE t.patient_id = id)
        ELSE true
    END;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN false;
END
$$;

-- Notes in the trail that somebody was refused things that are there, each with the record it belongs to. Says
-- nothing to the asker, so that asking tells nobody what is there.
CREATE FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb)
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
        UNION ALL SELECT 'upload', t.upload_id FROM portal.uploads t WHERE kind = 'upload' AND t.upload_id = thing
    ) found
$$;
REVOKE ALL ON FUNCTION portal.sees(text, uuid), portal.note_refused_things(text[], uuid[], text, inet, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.sees(text, uuid), portal.note_refused_things(text[], uuid[], text, inet, text, jsonb)
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech;

INSERT INTO portal.schema_floor (minimum_migration, reason)
VALUES (22, 'before sign-in the database shows only the account that is asked for, and a program from before does not ask');
