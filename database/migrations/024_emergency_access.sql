-- Access in an emergency ("break-glass"): somebody of staff who does not see a patient's record opens it for a
-- while, says why, and is reviewed by somebody else afterwards. The record is read under a role of its own, which
-- sees that one patient and writes nothing but the trail.
CREATE TABLE portal.emergency_accesses (
    access_id   uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    patient_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    reason      text NOT NULL CONSTRAINT emergency_accesses_reason_length CHECK (length(reason) BETWEEN 1 AND 2000),
    opened_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    ended_at    timestamptz,          -- by hand, before its time
    outcome     text CONSTRAINT emergency_accesses_outcome_check CHECK (outcome IN ('justified', 'not_justified')),
    review_note text CONSTRAINT emergency_accesses_review_note_length CHECK (length(review_note) BETWEEN 1 AND 2000),
    reviewed_by uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    reviewed_at timestamptz,
    reminded_at timestamptz,          -- when the officers were last told that it waits for them
    CONSTRAINT emergency_accesses_time CHECK (ends_at > opened_at AND ends_at <= opened_at + interval '4 hours'),
    CONSTRAINT emergency_accesses_reviewed
        CHECK ((reviewed_at IS NULL) = (outcome IS NULL) AND (reviewed_at IS NULL) = (review_note IS NULL)
               AND (reviewed_at IS NULL) = (reviewed_by IS NULL)),
    CONSTRAINT emergency_accesses_reviewed_by_another CHECK (reviewed_by <> user_id)
);
CREATE INDEX idx_emergency_accesses_user_id ON portal.emergency_accesses (user_id, opened_at DESC, access_id DESC);
CREATE INDEX idx_emergency_accesses_patient_id ON portal.emergency_accesses (patient_id);
CREATE INDEX idx_emergency_accesses_reviewed_by ON portal.emergency_accesses (reviewed_by);
CREATE INDEX idx_emergency_accesses_opened_at ON portal.emergency_accesses (opened_at DESC, access_id DESC);
CREATE INDEX idx_emergency_accesses_unreviewed ON portal.emergency_accesses (ends_at) WHERE reviewed_at IS NULL;
ALTER TABLE portal.emergency_accesses ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.emergency_accesses FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.emergency_accesses TO portal_owner USING (true) WITH CHECK (true);

-- The privacy officers: the accounts that the setting names; where it names none, all of tech.
CREATE FUNCTION portal.privacy_officers() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    WITH named AS (
        SELECT s.setting_value AS ids FROM public.system_settings s
        WHERE s.setting_key = 'privacy.officers' AND jsonb_typeof(s.setting_value) = 'array' AND jsonb_array_length(s.setting_value) > 0
    )
    SELECT u.id FROM public.users u
    WHERE u.is_active AND u.role <> 'patient'
      AND CASE WHEN EXISTS (SELECT FROM named) THEN (SELECT ids FROM named) ? u.id::text ELSE u.role = 'tech' END
$$;
CREATE FUNCTION portal.is_privacy_officer() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT portal.actor_id() IN (SELECT portal.privacy_officers()) $$;

-- What patients are called where their names are nobody's business: the same word each time.
CREATE FUNCTION portal.pseudonym(id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT 'Patient ' || upper(left(digest, 4) || '-' || substr(digest, 5, 4))
    FROM (SELECT encode(sha256(convert_to(id::text, 'UTF8')), 'hex') AS digest) d
$$;

-- The patient whose record is to be opened: by identifier, by the hospital's number, or by address, exactly.
CREATE FUNCTION portal.patient_called(kind text, given text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT u.id FROM public.users u
    WHERE u.role = 'patient' AND CASE kind
        WHEN 'patient_id' THEN u.id::text = given
        WHEN 'email' THEN u.email = given::portal.citext
        WHEN 'identifier' THEN u.id IN (SELECT i.patient_id FROM portal.patient_identifiers i WHERE i.identifier = given)
        ELSE false
    END
    ORDER BY u.created_at LIMIT 1
$$;

-- Whose record the present transaction may read, if its access holds: it is the actor's, and runs.
CREATE FUNCTION portal.emergency_patient() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT e.patient_id FROM portal.emergency_accesses e
    WHERE e.access_id = nullif(current_setting('portal.emergency_access', true), '')::uuid
      AND e.user_id = portal.actor_id() AND e.ended_at IS NULL
      AND e.opened_at <= portal.present() AND e.ends_at > portal.present()
$$;
REVOKE ALL ON FUNCTION portal.privacy_officers(), portal.is_privacy_officer(), portal.patient_called(text, text),
    portal.emergency_patient() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.privacy_officers() TO portal_radiologist, portal_tech, portal_worker;
GRANT EXECUTE ON FUNCTION portal.is_privacy_officer() TO portal_radiologist, portal_doctor, portal_tech;
GRANT EXECUTE ON FUNCTION portal.patient_called(text, text) TO portal_radiologist, portal_tech;
GRANT EXECUTE ON FUNCTION portal.emergency_patient() TO portal_emergency;

GRANT SELECT ON portal.emergency_accesses TO portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT INSERT ON portal.emergency_accesses TO portal_radiologist, portal_tech;
GRANT UPDATE (ended_at) ON portal.emergency_accesses TO portal_radiologist, portal_tech;
GRANT UPDATE (outcome, review_note, reviewed_by, reviewed_at) ON portal.emergency_accesses
    TO portal_radiologist, portal_doctor, portal_tech;
GRANT UPDATE (reminded_at) ON portal.emergency_accesses TO portal_worker;
CREATE POLICY read_own ON portal.emergency_accesses FOR SELECT TO portal_radiologist, portal_tech
    USING (user_id = (SELECT portal.actor_id()));
CREATE POLICY open_own ON portal.emergency_accesses FOR INSERT TO portal_radiologist, portal_tech
    WITH CHECK (user_id = (SELECT portal.actor_id()) AND ended_at IS NULL AND reviewed_at IS NULL);
CREATE POLICY end_own ON portal.emergency_accesses FOR UPDATE TO portal_radiologist, portal_tech
    USING (user_id = (SELECT portal.actor_id()) AND ended_at IS NULL)
    WITH CHECK (user_id = (SELECT portal.actor_id()));
CREATE POLICY oversee ON portal.emergency_accesses FOR SELECT TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()));
CREATE POLICY review ON portal.emergency_accesses FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()) AND reviewed_at IS NULL AND user_id <> (SELECT portal.actor_id()))
    WITH CHECK (reviewed_by = (SELECT portal.actor_id()));
CREATE POLICY remind ON portal.emergency_accesses TO portal_worker USING (true) WITH CHECK (true);

-- What is read in an emergency: the record of that one patient.
GRANT USAGE ON SCHEMA portal TO portal_emergency;
GRANT SELECT (id, name, date_of_birth) ON public.users TO portal_emergency;
GRANT SELECT ON public.medical_reports, public.report_images, public.ai_analysis, public.doctor_reviews,
    public.patient_medical_history, portal.not_assessed, portal.image_blobs, portal.dicom_instances, portal.review_addenda, portal.patient_identifiers
    TO portal_emergency;
CREATE POLICY of_the_emergency ON public.users FOR SELECT TO portal_emergency
    USING (id = (SELECT portal.emergency_patient()));
CREATE POLICY of_the_emergency ON public.medical_reports FOR SELECT TO portal_emergency
    USING (patient_id = (SELECT portal.emergency_patient()));
CREATE POLICY of_the_emergency ON public.patient_medical_history FOR SELECT TO portal_emergency
    USING (patient_id = (SELECT portal.emergency_patient()));
CREATE POLICY of_the_emergency ON portal.patient_identifiers FOR SELECT TO portal_emergency
    USING (patient_id = (SELECT portal.emergency_patient()));
CREATE POLICY of_the_emergency ON public.report_images FOR SELECT TO portal_emergency
    USING (report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY of_the_emergency ON public.ai_analysis FOR SELECT TO portal_emergency
    USING (report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY of_the_emergency ON portal.not_assessed FOR SELECT TO portal_emergency
    USING (report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY of_the_emergency ON public.doctor_reviews FOR SELECT TO portal_emergency
    USING (reviewed_at IS NOT NULL AND report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY of_the_emergency ON portal.review_addenda FOR SELECT TO portal_emergency
    USING (review_id IN (SELECT d.review_id FROM public.doctor_reviews d));
CREATE POLICY of_the_emergency ON portal.dicom_instances FOR SELECT TO portal_emergency
    USING (image_id IN (SELECT i.image_id FROM public.report_images i));
CREATE POLICY of_the_emergency ON portal.image_blobs FOR SELECT TO portal_emergency
    USING (image_id IN (SELECT i.image_id FROM public.report_images i));
GRANT EXECUTE ON FUNCTION portal.staff_name(uuid) TO portal_emergency;
GRANT INSERT ON public.audit_logs TO portal_emergency;
CREATE POLICY append_own_emergency ON public.audit_logs FOR INSERT TO portal_emergency
    WITH CHECK (user_id = (SELECT portal.actor_id()));

-- Refusals know of accesses, too.
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
        WHEN 'emergency' THEN EXISTS (SELECT FROM portal.emergency_accesses t WHERE t.access_id = id)
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
        UNION ALL SELECT 'user', t.user_id FROM portal.passkeys t WHERE kind = 'passkey' AND t.passkey_id = thing
        UNION ALL SELECT 'upload', t.upload_id FROM portal.uploads t WHERE kind = 'upload' AND t.upload_id = thing
        UNION ALL SELECT 'history', t.id FROM public.users t WHERE kind = 'history' AND t.id = thing AND t.role = 'patient'
        UNION ALL SELECT 'emergency', t.access_id FROM portal.emergency_accesses t WHERE kind = 'emergency' AND t.access_id = thing
    ) found
$$;
