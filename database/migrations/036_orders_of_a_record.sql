-- A patient's record has the examinations that were ordered, too.
CREATE OR REPLACE FUNCTION portal.personal_data(patient uuid, section text, after_at timestamptz, after_id uuid, most integer)
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
