-- What a case says is noted in the sealed trail whenever it changes, so that an alteration past the portal is found.

-- Notes are compared by number, since transactions commit in another order than they begin in.
CREATE SEQUENCE portal.content_notes;

-- SHA-256 of a case: report, images, analysis and signed reviews, columns by name, so that a new one changes nothing.
CREATE FUNCTION portal.content_digest(report uuid) RETURNS bytea
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, portal SET TimeZone = 'UTC'
    AS $$
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
    FROM public.medical_reports r WHERE r.report_id = report
    $$;
REVOKE EXECUTE ON FUNCTION portal.content_digest(uuid) FROM PUBLIC;

-- Notes a case once, at the end of a transaction that changed it. A case that is gone has no digest.
CREATE FUNCTION portal.note_content() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    report uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.report_id ELSE NEW.report_id END;
    noted text := coalesce(current_setting('portal.noted_contents', true), '');
    present timestamptz := portal.present();
BEGIN
    IF position(report::text IN noted) > 0 THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('portal.noted_contents', noted || report || ' ', true);
    -- Whoever changes the same case at the same time notes it after this transaction, with both changes.
    PERFORM FROM public.medical_reports WHERE report_id = report FOR NO KEY UPDATE;
    INSERT INTO public.audit_logs (log_id, action, entity_type, new_values, status, created_at)
    VALUES (
        -- A UUID of version 7 (RFC 9562).
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
            substring(int8send((extract(epoch FROM present) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
        'note_content', 'content',
        jsonb_build_object('report_id', report, 'number', nextval('portal.content_notes'),
                           'sha256', encode(portal.content_digest(report), 'hex'),
                           -- Nobody, where it was not the portal: that hands in its clock and takes on a role.
                           'role', CASE WHEN current_setting('portal.present', true) <> ''
                                        THEN nullif(current_setting('role'), 'none') END),
        'success', present);
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR UPDATE OR DELETE ON public.medical_reports
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();
CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR UPDATE OR DELETE ON public.report_images
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();
CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR UPDATE OR DELETE ON public.ai_analysis
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();
-- Drafts are their doctor's own and change with every pause in typing.
CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR UPDATE ON public.doctor_reviews
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.reviewed_at IS NOT NULL)
    EXECUTE FUNCTION portal.note_content();

-- Cases that are not what the trail says they were last: altered, gone or put in past the portal, in order. What was
-- before the first note is unknown.
CREATE FUNCTION portal.content_faults(since timestamptz) RETURNS TABLE (report_id uuid, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    WITH noted AS (
        SELECT DISTINCT ON (new_values ->> 'report_id') (new_values ->> 'report_id')::uuid AS report,
               new_values ->> 'sha256' AS digest,
               bool_or(new_values ->> 'role' IS NULL) OVER (PARTITION BY new_values ->> 'report_id') AS by_nobody
        FROM public.audit_logs WHERE action = 'note_content' AND created_at >= since
        ORDER BY new_values ->> 'report_id', (new_values ->> 'number')::bigint DESC
    )
    SELECT n.report, CASE WHEN r.report_id IS NULL THEN 'gone' WHEN n.digest IS NULL THEN 'put in' ELSE 'altered' END
    FROM noted n LEFT JOIN public.medical_reports r ON r.report_id = n.report
    WHERE n.by_nobody OR encode(portal.content_digest(n.report), 'hex') IS DISTINCT FROM n.digest
    UNION ALL
    SELECT r.report_id, 'put in' FROM public.medical_reports r
    WHERE r.created_at >= greatest(since, (SELECT min(created_at) FROM public.audit_logs WHERE action = 'note_content'))
      AND NOT EXISTS (SELECT FROM noted n WHERE n.report = r.report_id)
    ORDER BY 1
    $$;
REVOKE EXECUTE ON FUNCTION portal.content_faults(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.content_faults(timestamptz) TO portal_tech;
