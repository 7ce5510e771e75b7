-- Earlier studies of a case's patient that other archives have, and films fetched from there to compare with. They are no
-- reports: nobody queues, scores, signs or releases them, and they go with the case that they were fetched for.

-- Devices of the list in which earlier studies are looked for.
CREATE TABLE portal.dicom_archives (
    ae_title   text PRIMARY KEY REFERENCES portal.dicom_peers (ae_title) ON DELETE CASCADE,
    created_at timestamptz NOT NULL
);
ALTER TABLE portal.dicom_archives ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.dicom_archives FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.dicom_archives TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them; they are made and removed at the command line alone, since a patient's number is told to them.
GRANT SELECT, INSERT, DELETE ON portal.dicom_archives TO portal_tech;
CREATE POLICY oversee ON portal.dicom_archives FOR SELECT TO portal_tech USING (true);
CREATE POLICY add_at_the_command_line ON portal.dicom_archives FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.dicom_archives FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);
GRANT SELECT ON portal.dicom_archives TO portal_worker;
CREATE POLICY ask ON portal.dicom_archives FOR SELECT TO portal_worker USING (true);

-- What each archive said when it was asked about a case's patient.
CREATE TABLE portal.prior_searches (
    report_id   uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    archive     text NOT NULL,
    queued_at   timestamptz NOT NULL,
    answered_at timestamptz,
    others      integer NOT NULL DEFAULT 0 CONSTRAINT prior_searches_others CHECK (others >= 0),
    unreadable  integer NOT NULL DEFAULT 0 CONSTRAINT prior_searches_unreadable CHECK (unreadable >= 0),
    is_cut      boolean NOT NULL DEFAULT false,
    fault       text,
    PRIMARY KEY (report_id, archive)
);
ALTER TABLE portal.prior_searches ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.prior_searches FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.prior_searches TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT ON portal.prior_searches TO portal_doctor;
CREATE POLICY read_all ON portal.prior_searches FOR SELECT TO portal_doctor USING (true);
GRANT SELECT, INSERT, UPDATE ON portal.prior_searches TO portal_worker;
CREATE POLICY look_for_priors ON portal.prior_searches TO portal_worker USING (true) WITH CHECK (true);

-- The studies that were found, each once a case.
CREATE TABLE portal.prior_studies (
    prior_id         uuid PRIMARY KEY,
    report_id        uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    archive          text NOT NULL,
    study_uid        text NOT NULL,
    state            text NOT NULL CONSTRAINT prior_studies_state CHECK (state IN ('found', 'fetching', 'here', 'failed')),
    -- Why it may be somebody else's: without any it is this patient's by number, name and birth date.
    doubts           text[] NOT NULL DEFAULT '{}',
    fault            text,
    made_at          timestamp,
    modalities       text[] NOT NULL DEFAULT '{}',
    description      text,
    accession_number text,
    patient_name     text,
    birth_date       date,
    instances        integer,
    found_at         timestamptz NOT NULL,
    asked_at         timestamptz,
    fetched_at       timestamptz
);
CREATE UNIQUE INDEX idx_prior_studies_once ON portal.prior_studies (report_id, study_uid);
-- What an archive sends by itself is looked up by its study.
CREATE INDEX idx_prior_studies_fetching ON portal.prior_studies (study_uid) WHERE state = 'fetching';
ALTER TABLE portal.prior_studies ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.prior_studies FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.prior_studies TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (state, fault) ON portal.prior_studies TO portal_doctor;
CREATE POLICY read_all ON portal.prior_studies FOR SELECT TO portal_doctor USING (true);
CREATE POLICY have_fetched ON portal.prior_studies FOR UPDATE TO portal_doctor USING (true) WITH CHECK (state = 'fetching');
GRANT SELECT, INSERT, UPDATE ON portal.prior_studies TO portal_worker;
CREATE POLICY look_for_priors ON portal.prior_studies TO portal_worker USING (true) WITH CHECK (true);
-- Patients take away what is stored about them; what may be somebody else's is not theirs to see.
GRANT SELECT ON portal.prior_studies TO portal_patient;
CREATE POLICY with_its_report ON portal.prior_studies FOR SELECT TO portal_patient
    USING (doubts = '{}' AND report_id IN (SELECT r.report_id FROM public.medical_reports r));

-- Their films. The same bytes may be a film of a report as well.
CREATE TABLE portal.prior_images (
    image_id         uuid PRIMARY KEY,
    prior_id         uuid NOT NULL REFERENCES portal.prior_studies (prior_id) ON DELETE CASCADE,
    sop_instance_uid text NOT NULL,
    sha256           bytea NOT NULL CONSTRAINT prior_images_sha256_length CHECK (length(sha256) = 32),
    image_type       text NOT NULL,
    file_size        bigint NOT NULL,
    width            integer,
    height           integer,
    series_number    integer,
    instance_number  integer,
    dicom_metadata   jsonb,
    stored_at        timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_prior_images_once ON portal.prior_images (prior_id, sop_instance_uid);
CREATE INDEX idx_prior_images_sha256 ON portal.prior_images (sha256);
ALTER TABLE portal.prior_images ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.prior_images FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.prior_images TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT ON portal.prior_images TO portal_doctor;
CREATE POLICY read_all ON portal.prior_images FOR SELECT TO portal_doctor USING (true);
GRANT SELECT, INSERT ON portal.prior_images TO portal_worker;
CREATE POLICY look_for_priors ON portal.prior_images TO portal_worker USING (true) WITH CHECK (true);
GRANT SELECT ON portal.prior_images TO portal_patient;
CREATE POLICY with_its_prior ON portal.prior_images FOR SELECT TO portal_patient
    USING (prior_id IN (SELECT p.prior_id FROM portal.prior_studies p));

-- The digests of all that is kept in the store; one that several rows name stands there as often.
CREATE VIEW portal.named_blobs WITH (security_invoker = true) AS
SELECT sha256 FROM portal.image_blobs
UNION ALL
SELECT sha256 FROM portal.prior_images;
GRANT SELECT ON portal.named_blobs TO portal_worker;

-- Notes that archives are to be asked about a new case's patient, and says which. Asked for every case: in a language whose
-- plans are kept between calls.
CREATE FUNCTION portal.search_priors(report uuid) RETURNS TABLE (archive text)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO portal.prior_searches AS s (report_id, archive, queued_at)
    SELECT r.report_id, a.ae_title, portal.present()
    FROM portal.dicom_archives a
    JOIN portal.dicom_peers p ON p.ae_title = a.ae_title AND p.host IS NOT NULL
    JOIN public.medical_reports r ON r.report_id = report AND r.radiologist_id = portal.actor_id()
    ON CONFLICT DO NOTHING
    RETURNING s.archive;
END
$$;
REVOKE ALL ON FUNCTION portal.search_priors(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.search_priors(uuid) TO portal_radiologist;

-- Which of the devices that are let in are archives: what such a one sends may be what it was asked for.
DROP FUNCTION portal.dicom_peer_of(text, inet, timestamptz);
CREATE FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamptz)
    RETURNS TABLE (user_id uuid, role text, is_archive boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    UPDATE portal.dicom_peers p SET last_seen_at = present
        WHERE p.ae_title = title AND (p.last_seen_at IS NULL OR present - p.last_seen_at > interval '1 minute')
          AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
    RETURN QUERY SELECT p.user_id, u.role::text, EXISTS (SELECT FROM portal.dicom_archives x WHERE x.ae_title = p.ae_title)
        FROM portal.dicom_peers p JOIN public.users u ON u.id = p.user_id
        WHERE p.ae_title = title AND u.is_active AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
END
$$;
REVOKE ALL ON FUNCTION portal.dicom_peer_of(text, inet, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.dicom_peer_of(text, inet, timestamptz) TO portal_anonymous;

-- Films of priors go with their case.
CREATE OR REPLACE FUNCTION portal.remove_report(report uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    PERFORM set_config('portal.removing', report::text, true);
    INSERT INTO portal.blob_removals (sha256, requested_at)
    SELECT b.sha256, portal.present()
    FROM public.report_images i JOIN portal.image_blobs b ON b.image_id = i.image_id WHERE i.report_id = report
    UNION
    SELECT i.sha256, portal.present()
    FROM portal.prior_studies p JOIN portal.prior_images i ON i.prior_id = p.prior_id WHERE p.report_id = report
    ON CONFLICT DO NOTHING;
    DELETE FROM portal.review_addenda a USING public.doctor_reviews d WHERE d.review_id = a.review_id AND d.report_id = report;
    DELETE FROM portal.report_releases x WHERE x.report_id = report;
    DELETE FROM public.doctor_reviews d WHERE d.report_id = report;
    DELETE FROM public.medical_reports r WHERE r.report_id = report;
    PERFORM set_config('portal.removing', '', true);
END
$$;

-- And they are part of what is stored about a patient.
CREATE OR REPLACE FUNCTION portal.personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) RETURNS TABLE(at timestamp with time zone, id uuid, item jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'portal'
    SET "TimeZone" TO 'UTC'
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
    WHEN 'orders' THEN RETURN QUERY
        SELECT o.created_at, o.order_id, to_jsonb(o) - 'patient_id' - 'made_by' || jsonb_build_object('made_by_name', portal.staff_name(o.made_by))
        FROM portal.orders o
        WHERE o.patient_id = patient AND (after_id IS NULL OR (o.created_at, o.order_id) > (after_at, after_id))
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
        SELECT f.at, f.id, f.item FROM (
            SELECT i.uploaded_at AS at, i.image_id AS id, jsonb_build_object('image_id', i.image_id, 'report_id', i.report_id,
                'image_type', i.image_type, 'image_format', i.image_format, 'width', i.width, 'height', i.height,
                'file_size', i.file_size, 'dicom_metadata', i.dicom_metadata, 'uploaded_at', i.uploaded_at,
                'sha256', encode(b.sha256, 'hex')) AS item
            FROM public.medical_reports r JOIN public.report_images i ON i.report_id = r.report_id
                 LEFT JOIN portal.image_blobs b ON b.image_id = i.image_id
            WHERE r.patient_id = patient
            UNION ALL
            SELECT i.stored_at, i.image_id, jsonb_build_object('image_id', i.image_id, 'report_id', p.report_id,
                'prior_id', p.prior_id, 'image_type', i.image_type, 'image_format', 'DICOM', 'width', i.width, 'height', i.height,
                'file_size', i.file_size, 'dicom_metadata', i.dicom_metadata, 'uploaded_at', i.stored_at,
                'sha256', encode(i.sha256, 'hex'))
            FROM public.medical_reports r JOIN portal.prior_studies p ON p.report_id = r.report_id
                 JOIN portal.prior_images i ON i.prior_id = p.prior_id
            WHERE r.patient_id = patient AND p.doubts = '{}') f
        WHERE after_id IS NULL OR (f.at, f.id) > (after_at, after_id)
        ORDER BY 1, 2 LIMIT most;
    WHEN 'priors' THEN RETURN QUERY
        SELECT p.found_at, p.prior_id, to_jsonb(p) - 'doubts' - 'fault' - 'asked_at' - 'state'
        FROM public.medical_reports r JOIN portal.prior_studies p ON p.report_id = r.report_id
        WHERE r.patient_id = patient AND p.doubts = '{}'
          AND (after_id IS NULL OR (p.found_at, p.prior_id) > (after_at, after_id))
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
