-- Patients' rights: everything about one patient taken away, requests for correction, records of consent.

-- What is stored about a patient and should be corrected, in words.
CREATE TABLE portal.correction_requests (
    correction_id uuid PRIMARY KEY,
    patient_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    subject       text NOT NULL CONSTRAINT correction_requests_subject_check
                  CHECK (subject IN ('name', 'date_of_birth', 'contact', 'report_assignment', 'history', 'report_text', 'other')),
    report_id     uuid REFERENCES public.medical_reports (report_id) ON DELETE SET NULL,
    words         text NOT NULL CONSTRAINT correction_requests_words_length CHECK (length(words) BETWEEN 1 AND 2000),
    requested_by  uuid REFERENCES public.users (id) ON DELETE SET NULL, -- the patient, or staff on the patient's behalf
    requested_at  timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    state         text NOT NULL CONSTRAINT correction_requests_state_check CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
    answer        text CONSTRAINT correction_requests_answer_length CHECK (length(answer) BETWEEN 1 AND 2000),
    decided_by    uuid REFERENCES public.users (id) ON DELETE SET NULL,
    decided_at    timestamptz,
    reminded_at   timestamptz,          -- when officers were last told that it waits
    disagreement  text CONSTRAINT correction_requests_disagreement_length CHECK (length(disagreement) BETWEEN 1 AND 4000),
    disagreed_at  timestamptz,
    CONSTRAINT correction_requests_decided CHECK ((state = 'open') = (decided_at IS NULL)),
    CONSTRAINT correction_requests_answered CHECK (state NOT IN ('accepted', 'declined') OR answer IS NOT NULL),
    CONSTRAINT correction_requests_disagreed
        CHECK ((disagreement IS NULL) = (disagreed_at IS NULL) AND (disagreement IS NULL OR state = 'declined'))
);
CREATE INDEX idx_correction_requests_patient_id ON portal.correction_requests (patient_id, requested_at DESC, correction_id DESC);
CREATE INDEX idx_correction_requests_requested_at ON portal.correction_requests (requested_at DESC, correction_id DESC);
CREATE INDEX idx_correction_requests_report_id ON portal.correction_requests (report_id);
CREATE INDEX idx_correction_requests_requested_by ON portal.correction_requests (requested_by);
CREATE INDEX idx_correction_requests_decided_by ON portal.correction_requests (decided_by);
CREATE INDEX idx_correction_requests_open ON portal.correction_requests (due_at) WHERE state = 'open';
ALTER TABLE portal.correction_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.correction_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.correction_requests TO portal_owner USING (true) WITH CHECK (true);

-- Whether a doctor has to look, since it is about what a report or the history says.
CREATE FUNCTION portal.is_clinical_correction(subject text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT subject IN ('report_assignment', 'history', 'report_text') $$;

GRANT SELECT, INSERT ON portal.correction_requests TO portal_patient, portal_radiologist, portal_doctor, portal_tech;
GRANT UPDATE (state, decided_at, disagreement, disagreed_at) ON portal.correction_requests TO portal_patient;
GRANT UPDATE (state, answer, decided_by, decided_at) ON portal.correction_requests TO portal_radiologist, portal_doctor, portal_tech;
GRANT SELECT, UPDATE (reminded_at) ON portal.correction_requests TO portal_worker;
GRANT SELECT ON portal.correction_requests TO portal_emergency;
CREATE POLICY read_own ON portal.correction_requests FOR SELECT TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()));
CREATE POLICY request_own ON portal.correction_requests FOR INSERT TO portal_patient
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND requested_by = (SELECT portal.actor_id()) AND state = 'open'
                AND (report_id IS NULL OR report_id IN (SELECT r.report_id FROM public.medical_reports r)));
CREATE POLICY withdraw_own ON portal.correction_requests FOR UPDATE TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()) AND state = 'open')
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND state = 'withdrawn');
CREATE POLICY disagree_own ON portal.correction_requests FOR UPDATE TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()) AND state = 'declined' AND disagreement IS NULL)
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND state = 'declined');
CREATE POLICY oversee ON portal.correction_requests FOR SELECT TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()));
CREATE POLICY decide ON portal.correction_requests FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech
    USING (state = 'open' AND (SELECT portal.is_privacy_officer()))
    WITH CHECK (state IN ('accepted', 'declined') AND decided_by = (SELECT portal.actor_id()));
CREATE POLICY read_clinical ON portal.correction_requests FOR SELECT TO portal_doctor
    USING (portal.is_clinical_correction(subject) OR requested_by = (SELECT portal.actor_id()));
CREATE POLICY decide_clinical ON portal.correction_requests FOR UPDATE TO portal_doctor
    USING (state = 'open' AND portal.is_clinical_correction(subject))
    WITH CHECK (state IN ('accepted', 'declined') AND decided_by = (SELECT portal.actor_id()));
-- On behalf of a patient: officers, and doctors, who know every patient.
CREATE POLICY request_for_a_patient ON portal.correction_requests FOR INSERT TO portal_doctor
    WITH CHECK (requested_by = (SELECT portal.actor_id()) AND state = 'open');
CREATE POLICY request_as_officer ON portal.correction_requests FOR INSERT TO portal_radiologist, portal_tech
    WITH CHECK ((SELECT portal.is_privacy_officer()) AND requested_by = (SELECT portal.actor_id()) AND state = 'open');
-- A patient's disagreement belongs to the record: whoever reads that reads it.
CREATE POLICY read_disagreements ON portal.correction_requests FOR SELECT TO portal_doctor
    USING (disagreement IS NOT NULL);
CREATE POLICY read_disagreements_of_those_seen ON portal.correction_requests FOR SELECT TO portal_radiologist
    USING (disagreement IS NOT NULL
           AND (patient_id IN (SELECT r.patient_id FROM public.medical_reports r)
                OR patient_id IN (SELECT g.patient_id FROM portal.patient_registrations g
                                  WHERE g.registered_by = (SELECT portal.actor_id()))));
CREATE POLICY of_the_emergency ON portal.correction_requests FOR SELECT TO portal_emergency
    USING (disagreement IS NOT NULL AND patient_id = (SELECT portal.emergency_patient()));
CREATE POLICY remind ON portal.correction_requests TO portal_worker USING (true) WITH CHECK (true);

-- Tells the officers, and of clinical ones also who reads films of the patient, that a request of the acting person
-- waits; the words are these and no others.
CREATE FUNCTION portal.tell_of_correction(correction uuid) RETURNS SETOF uuid
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    WITH asked AS (
        SELECT c.subject FROM portal.correction_requests c
        WHERE c.correction_id = correction AND c.requested_by = portal.actor_id() AND c.state = 'open'
    ), told AS (
        SELECT o AS id FROM asked, portal.privacy_officers() o
        UNION
        SELECT k FROM asked, portal.keepers_of_own_history() k
        WHERE portal.is_clinical_correction(asked.subject)
          AND EXISTS (SELECT FROM public.users u WHERE u.id = portal.actor_id() AND u.role = 'patient')
    )
    INSERT INTO public.notifications (notification_id, user_id, type, priority, title, message, action_url, created_at)
    SELECT gen_random_uuid(), id, 'correction_requested', 'normal', 'A correction is asked for',
           'A patient asks that something stored about them be corrected. It waits for a decision.',
           '/privacy', portal.present()
    FROM told WHERE id IS DISTINCT FROM portal.actor_id()
    RETURNING user_id
$$;

-- Consents, given and withdrawn: rows are added and never changed; the last one of a kind counts.
CREATE TABLE portal.consents (
    consent_id   uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    kind         text NOT NULL CONSTRAINT consents_kind_form CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    is_given     boolean NOT NULL,
    text_version text NOT NULL CONSTRAINT consents_text_version_length CHECK (length(text_version) BETWEEN 1 AND 40),
    wording      text NOT NULL CONSTRAINT consents_wording_length CHECK (length(wording) BETWEEN 1 AND 4000), -- as it was shown
    -- How staff knows it; absent where the patient did it in person.
    evidence     text CONSTRAINT consents_evidence_length CHECK (length(evidence) BETWEEN 1 AND 2000),
    recorded_by  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT consents_evidence_of_staff CHECK ((recorded_by = patient_id) = (evidence IS NULL))
);
CREATE INDEX idx_consents_patient_id ON portal.consents (patient_id, kind, recorded_at DESC, consent_id DESC);
CREATE INDEX idx_consents_recorded_by ON portal.consents (recorded_by);
ALTER TABLE portal.consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.consents FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.consents TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON portal.consents TO portal_patient, portal_radiologist, portal_doctor, portal_tech;
GRANT SELECT ON portal.consents TO portal_worker;
CREATE POLICY read_own ON portal.consents FOR SELECT TO portal_patient USING (patient_id = (SELECT portal.actor_id()));
CREATE POLICY record_own ON portal.consents FOR INSERT TO portal_patient
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND recorded_by = (SELECT portal.actor_id()));
CREATE POLICY oversee ON portal.consents FOR SELECT TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()));
CREATE POLICY record_as_officer ON portal.consents FOR INSERT TO portal_radiologist, portal_doctor, portal_tech
    WITH CHECK ((SELECT portal.is_privacy_officer()) AND recorded_by = (SELECT portal.actor_id()) AND evidence IS NOT NULL);
CREATE POLICY respect ON portal.consents FOR SELECT TO portal_worker USING (true);

-- What others did with one record. For the functions below.
CREATE FUNCTION portal.accesses_to_record(patient uuid)
    RETURNS TABLE (log_id uuid, created_at timestamptz, action text, user_role text, staff_name text, report_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT a.log_id, a.created_at, a.action, a.user_role, portal.staff_name(a.user_id),
           CASE a.entity_type WHEN 'report' THEN a.entity_id END
    FROM public.audit_logs a
    WHERE a.status = 'success' AND a.user_id IS DISTINCT FROM patient
      AND ((a.entity_type = 'report'
            AND a.entity_id IN (SELECT r.report_id FROM public.medical_reports r WHERE r.patient_id = patient))
           OR (a.entity_type IN ('patient', 'history') AND a.entity_id = patient))
$$;

-- Everything about one patient, a section and some rows at a time. Runs with the asker's own eyes: of a patient row
-- security shows what is released, and of the owner (see the next function) all.
CREATE FUNCTION portal.personal_data(patient uuid, section text, after_at timestamptz, after_id uuid, most integer)
    RETURNS TABLE (at timestamptz, id uuid, item jsonb)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, portal SET TimeZone = 'UTC'
    AS $$
#variable_conflict use_column
BEGIN
    CASE section
    WHEN 'account' THEN RETURN QUERY
        SELECT u.created_at, u.id, jsonb_build_object('user_id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone,
            'date_of_birth', u.date_of_birth, 'role', u.role, 'preferences', u.preferences, 'is_active', u.is_active,
            'last_login_at', u.last_login_at, 'created_at', u.created_at, 'updated_at', u.updated_at)
        FROM public.users u WHERE u.id = patient AND u.role = 'patient' AND after_id IS NULL;
    WHEN 'identifiers' THEN RETURN QUERY
        SELECT p.created_at, patient, jsonb_build_object('identifier', p.identifier, 'issuer', p.issuer, 'gender', p.gender,
            'created_at', p.created_at)
        FROM portal.patient_identifiers p WHERE p.patient_id = patient AND after_id IS NULL ORDER BY 1;
    WHEN 'history' THEN RETURN QUERY
        SELECT h.created_at, h.history_id, to_jsonb(h) - 'updated_by' - 'patient_id'
        FROM public.patient_medical_history h WHERE h.patient_id = patient AND after_id IS NULL;
    WHEN 'history_proposals' THEN RETURN QUERY
        SELECT p.proposed_at, p.proposal_id, to_jsonb(p) - 'decided_by' - 'patient_id'
            || jsonb_build_object('decided_by_name', portal.staff_name(p.decided_by))
        FROM portal.history_proposals p
        WHERE p.patient_id = patient AND (after_id IS NULL OR (p.proposed_at, p.proposal_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'reports' THEN RETURN QUERY
        SELECT r.created_at, r.report_id, jsonb_build_object('report_id', r.report_id, 'study_type', r.study_type,
            'study_uid', r.study_uid, 'patient_name', r.patient_name, 'patient_age', r.patient_age, 'patient_gender', r.patient_gender,
            'status', r.status, 'risk_score', r.risk_score, 'confidence_score', r.confidence_score, 'findings', r.findings,
            'recommendations', r.recommendations, 'symptoms', r.symptoms, 'medical_history', r.medical_history,
            'image_metadata', r.image_metadata, 'upload_date', r.upload_date, 'analysis_date', r.analysis_date,
            'created_at', r.created_at, 'updated_at', r.updated_at)
        FROM public.medical_reports r
        WHERE r.patient_id = patient AND (after_id IS NULL OR (r.created_at, r.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'images' THEN RETURN QUERY
        SELECT i.uploaded_at, i.image_id, jsonb_build_object('image_id', i.image_id, 'report_id', i.report_id, 'image_type', i.image_type,
            'image_format', i.image_format, 'width', i.width, 'height', i.height, 'file_size', i.file_size,
            'dicom_metadata', i.dicom_metadata, 'uploaded_at', i.uploaded_at, 'sha256', encode(b.sha256, 'hex'))
        FROM public.medical_reports r JOIN public.report_images i ON i.report_id = r.report_id
             LEFT JOIN portal.image_blobs b ON b.image_id = i.image_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (i.uploaded_at, i.image_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'analyses' THEN RETURN QUERY
        SELECT a.processed_at, a.analysis_id, jsonb_build_object('analysis_id', a.analysis_id, 'report_id', a.report_id,
            'model_version', a.model_version, 'risk_category', a.risk_category, 'risk_probability', a.risk_probability,
            'low_probability', a.low_probability, 'medium_probability', a.medium_probability,
            'high_probability', a.high_probability, 'findings', a.findings, 'processed_at', a.processed_at)
        FROM public.medical_reports r JOIN public.ai_analysis a ON a.report_id = r.report_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (a.processed_at, a.analysis_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'not_assessed' THEN RETURN QUERY
        SELECT n.created_at, n.report_id, jsonb_build_object('report_id', n.report_id, 'code', n.code, 'reason', n.reason,
            'created_at', n.created_at)
        FROM public.medical_reports r JOIN portal.not_assessed n ON n.report_id = r.report_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (n.created_at, n.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'reviews' THEN RETURN QUERY
        SELECT d.reviewed_at, d.review_id, to_jsonb(d) - 'doctor_id' - 'updated_at'
            || jsonb_build_object('doctor_name', portal.staff_name(d.doctor_id))
        FROM public.medical_reports r JOIN public.doctor_reviews d ON d.report_id = r.report_id
        WHERE r.patient_id = patient AND d.reviewed_at IS NOT NULL
          AND (after_id IS NULL OR (d.reviewed_at, d.review_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'addenda' THEN RETURN QUERY
        SELECT x.created_at, x.addendum_id, jsonb_build_object('addendum_id', x.addendum_id, 'review_id', x.review_id,
            'addendum', x.addendum, 'doctor_name', portal.staff_name(x.doctor_id), 'created_at', x.created_at)
        FROM public.medical_reports r JOIN public.doctor_reviews d ON d.report_id = r.report_id
             JOIN portal.review_addenda x ON x.review_id = d.review_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (x.created_at, x.addendum_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'releases' THEN RETURN QUERY
        SELECT x.release_at, x.report_id, jsonb_build_object('report_id', x.report_id, 'review_id', x.review_id,
            'release_at', x.release_at, 'released_at', x.released_at, 'reason', x.reason)
        FROM portal.report_releases x
        WHERE x.patient_id = patient AND (x.released_at IS NOT NULL OR current_user = 'portal_owner')
          AND (after_id IS NULL OR (x.release_at, x.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'consents' THEN RETURN QUERY
        SELECT c.recorded_at, c.consent_id, to_jsonb(c) - 'patient_id' - 'recorded_by'
            || jsonb_build_object('recorded_by_name', portal.staff_name(nullif(c.recorded_by, c.patient_id)))
        FROM portal.consents c
        WHERE c.patient_id = patient AND (after_id IS NULL OR (c.recorded_at, c.consent_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'corrections' THEN RETURN QUERY
        SELECT c.requested_at, c.correction_id, to_jsonb(c) - 'patient_id' - 'requested_by' - 'decided_by' - 'reminded_at'
            || jsonb_build_object('requested_by_name', portal.staff_name(nullif(c.requested_by, c.patient_id)),
                                  'decided_by_name', portal.staff_name(c.decided_by))
        FROM portal.correction_requests c
        WHERE c.patient_id = patient AND (after_id IS NULL OR (c.requested_at, c.correction_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'accesses' THEN
        IF current_user = 'portal_owner' THEN RETURN QUERY
            SELECT a.created_at, a.log_id, to_jsonb(a) FROM portal.accesses_to_record(patient) a
            WHERE after_id IS NULL OR (a.created_at, a.log_id) > (after_at, after_id) ORDER BY 1, 2 LIMIT most;
        ELSE RETURN QUERY
            SELECT a.created_at, a.log_id, to_jsonb(a) FROM portal.accesses_to_own_record() a
            WHERE patient = portal.actor_id() AND (after_id IS NULL OR (a.created_at, a.log_id) > (after_at, after_id))
            ORDER BY 1, 2 LIMIT most;
        END IF;
    WHEN 'notifications' THEN RETURN QUERY
        SELECT n.created_at, n.notification_id, jsonb_build_object('notification_id', n.notification_id, 'type', n.type,
            'title', n.title, 'message', n.message, 'related_report_id', n.related_report_id, 'is_read', n.is_read,
            'read_at', n.read_at, 'created_at', n.created_at)
        FROM public.notifications n
        WHERE n.user_id = patient AND (after_id IS NULL OR (n.created_at, n.notification_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'sessions' THEN RETURN QUERY
        SELECT s.login_time, s.session_id, jsonb_build_object('login_time', s.login_time, 'last_activity', s.last_activity,
            'logout_time', s.logout_time, 'ip_address', host(s.ip_address), 'user_agent', s.user_agent)
        FROM public.sessions s
        WHERE s.user_id = patient AND (after_id IS NULL OR (s.login_time, s.session_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    END CASE;
END
$$;
-- The same, whole, for a privacy officer.
CREATE FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamptz, after_id uuid, most integer)
    RETURNS TABLE (at timestamptz, id uuid, item jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    IF portal.is_privacy_officer() THEN
        RETURN QUERY SELECT * FROM portal.personal_data(patient, section, after_at, after_id, most);
    END IF;
END
$$;
-- Whether there is such a patient; for privacy officers.
CREATE FUNCTION portal.is_patient_for_officer(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT portal.is_privacy_officer() AND EXISTS (SELECT FROM public.users u WHERE u.id = patient AND u.role = 'patient') $$;

REVOKE ALL ON FUNCTION portal.is_clinical_correction(text), portal.tell_of_correction(uuid), portal.accesses_to_record(uuid),
    portal.personal_data(uuid, text, timestamptz, uuid, integer), portal.personal_data_for_officer(uuid, text, timestamptz, uuid, integer),
    portal.is_patient_for_officer(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.is_clinical_correction(text) TO portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT EXECUTE ON FUNCTION portal.tell_of_correction(uuid) TO portal_patient, portal_radiologist, portal_doctor, portal_tech;
GRANT EXECUTE ON FUNCTION portal.personal_data(uuid, text, timestamptz, uuid, integer) TO portal_patient;
GRANT EXECUTE ON FUNCTION portal.personal_data_for_officer(uuid, text, timestamptz, uuid, integer), portal.is_patient_for_officer(uuid)
    TO portal_radiologist, portal_doctor, portal_tech;
GRANT EXECUTE ON FUNCTION portal.patient_called(text, text) TO portal_doctor;

-- Refusals know of requests for correction, too.
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
        WHEN 'correction' THEN EXISTS (SELECT FROM portal.correction_requests t WHERE t.correction_id = id)
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
        UNION ALL SELECT 'patient', t.patient_id FROM portal.correction_requests t WHERE kind = 'correction' AND t.correction_id = thing
        UNION ALL SELECT 'emergency', t.access_id FROM portal.emergency_accesses t WHERE kind = 'emergency' AND t.access_id = thing
    ) found
$$;
