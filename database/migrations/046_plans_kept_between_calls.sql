-- The same functions, written so that their plans are kept between calls: PostgreSQL plans a body in SQL anew in every
-- statement that calls it, which was more work than the search itself (docs/BENCHMARKS.md).

CREATE OR REPLACE FUNCTION portal.content_digest(report uuid) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, public, portal
    SET timezone = 'UTC'
    AS $$
BEGIN
    RETURN (
    SELECT sha256(convert_to(jsonb_build_array(
        1,
        jsonb_build_array(r.report_id, r.patient_id, r.radiologist_id, r.patient_name, r.radiologist_name, r.study_type,
            r.study_uid, r.report_image_url, r.image_metadata, r.risk_score, r.confidence_score, r.findings,
            r.recommendations, r.upload_date, r.analysis_date, r.status, r.patient_age, r.patient_gender,
            r.medical_history, r.symptoms, r.created_at, r.created_by),
        (SELECT jsonb_agg(jsonb_build_array(i.image_id, i.image_url, i.image_type, i.image_format, i.width, i.height,
            i.file_size, i.dicom_metadata, i.uploaded_at) ORDER BY i.image_id)
         FROM public.report_images i WHERE i.report_id = r.report_id),
        (SELECT jsonb_build_array(a.analysis_id, a.model_id, a.risk_category, a.risk_probability, a.low_probability,
            a.medium_probability, a.high_probability, a.findings, a.processed_at, a.confidence_threshold,
            a.model_version)
         FROM public.ai_analysis a WHERE a.report_id = r.report_id),
        (SELECT jsonb_agg(jsonb_build_array(d.review_id, d.doctor_id, d.review_notes, d.clinical_findings,
            d.confirmed_ai_diagnosis, d.ai_accuracy_rating, d.doctor_risk_assessment, d.urgency_level,
            d.recommended_action, d.follow_up_required, d.follow_up_date, d.treatment_plan, d.medication_prescribed,
            d.reviewed_at) ORDER BY d.review_id)
         FROM public.doctor_reviews d WHERE d.report_id = r.report_id AND d.reviewed_at IS NOT NULL)
    )::text, 'UTF8'))
    FROM public.medical_reports r WHERE r.report_id = report);
END
$$;

CREATE OR REPLACE FUNCTION portal.find_image_by_digest(digest bytea) RETURNS TABLE(report_id uuid, patient_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, portal
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.report_id, r.patient_id, r.status::text
    FROM portal.image_blobs b
    JOIN public.report_images i USING (image_id)
    JOIN public.medical_reports r USING (report_id)
    WHERE b.sha256 = digest;
END
$$;

CREATE OR REPLACE FUNCTION portal.find_report_by_study(uid text) RETURNS TABLE(report_id uuid, patient_id uuid, radiologist_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, portal
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.report_id, r.patient_id, r.radiologist_id, r.status::text
    FROM public.medical_reports r
    WHERE r.study_uid = uid;
END
$$;

CREATE OR REPLACE FUNCTION portal.program_of(digest text, present timestamp with time zone) RETURNS TABLE(token_id uuid, user_id uuid, role text, scopes text[], last_used_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, portal
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.token_id, t.user_id, u.role::text, t.scopes, t.last_used_at
    FROM portal.program_tokens t JOIN public.users u ON u.id = t.user_id
    WHERE t.token = digest AND t.revoked_at IS NULL AND t.expires_at > present AND u.is_active;
END
$$;

CREATE OR REPLACE FUNCTION portal.session_of(digest text, present timestamp with time zone, idle_minutes integer) RETURNS TABLE(session_id uuid, user_id uuid, role text, last_activity timestamp with time zone, expires_at timestamp with time zone, second_factor boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, portal
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.session_id, s.user_id, u.role::text, s.last_activity, s.expires_at, coalesce(p.second_factor, false)
    FROM public.sessions s JOIN public.users u ON u.id = s.user_id
         LEFT JOIN portal.session_proofs p ON p.session_id = s.session_id
    WHERE s.token = digest AND s.is_active AND u.is_active AND s.expires_at > present
      AND s.last_activity > present - make_interval(mins => idle_minutes);
END
$$;
