-- Plain pictures (PNG, JPEG) as every tool downstream knows films: each is wrapped as a DICOM Secondary Capture once its
-- report is made. The picture stays as it came; this is what DICOM queries find and retrievals send.
CREATE TABLE portal.wrapped_pictures (
    image_id       uuid PRIMARY KEY REFERENCES public.report_images (image_id) ON DELETE CASCADE,
    sha256         bytea NOT NULL CONSTRAINT wrapped_pictures_sha256_length CHECK (length(sha256) = 32),
    dicom_metadata jsonb NOT NULL,
    made_at        timestamptz NOT NULL
);
CREATE INDEX idx_wrapped_pictures_sha256 ON portal.wrapped_pictures (sha256);
ALTER TABLE portal.wrapped_pictures ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.wrapped_pictures FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.wrapped_pictures TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT ON portal.wrapped_pictures TO portal_doctor, portal_radiologist, portal_patient;
GRANT SELECT, INSERT ON portal.wrapped_pictures TO portal_worker;
CREATE POLICY wrap ON portal.wrapped_pictures TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY read_all ON portal.wrapped_pictures FOR SELECT TO portal_doctor USING (true);
CREATE POLICY with_its_image ON portal.wrapped_pictures FOR SELECT TO portal_patient, portal_radiologist
    USING (image_id IN (SELECT i.image_id FROM public.report_images i));

-- What DICOM calls a wrapped picture is noted when it is wrapped.
GRANT INSERT ON portal.dicom_instances TO portal_worker;
CREATE POLICY wrap ON portal.dicom_instances FOR INSERT TO portal_worker
    WITH CHECK (image_id IN (SELECT w.image_id FROM portal.wrapped_pictures w));
GRANT EXECUTE ON FUNCTION portal.dicom_routes_of(uuid[]) TO portal_worker;

CREATE OR REPLACE VIEW portal.named_blobs WITH (security_invoker = true) AS
SELECT sha256 FROM portal.image_blobs
UNION ALL
SELECT sha256 FROM portal.prior_images
UNION ALL
SELECT sha256 FROM portal.wrapped_pictures;

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
    SELECT w.sha256, portal.present()
    FROM public.report_images i JOIN portal.wrapped_pictures w ON w.image_id = i.image_id WHERE i.report_id = report
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

-- The index of DICOM queries takes what it notes from the picture's wrapping where there is one.
CREATE OR REPLACE FUNCTION portal.index_dicom_instance(image uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    d record;
    h jsonb;
    step jsonb;
BEGIN
    SELECT i.report_id, x.study_uid, x.series_uid, x.modality, x.series_number, x.body_part,
           (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}')
            FROM jsonb_each(CASE jsonb_typeof(coalesce(w.dicom_metadata, i.dicom_metadata))
                            WHEN 'object' THEN coalesce(w.dicom_metadata, i.dicom_metadata) ELSE '{}' END) e
            WHERE e.key IN ('00080020', '00080030', '00080050', '00080090', '00080201', '00081030', '0008103E', '00100010',
                            '00100020', '00100021', '00100030', '00100040', '00200010', '00200060', '00200062', '00400244',
                            '00400245', '00400275')) AS header
    INTO d
    FROM portal.dicom_instances x JOIN public.report_images i USING (image_id)
         LEFT JOIN portal.wrapped_pictures w USING (image_id)
    WHERE x.image_id = image AND x.study_uid <> '';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    h := d.header;
    INSERT INTO portal.dicom_studies (report_id, study_uid, study_date, study_time, accession_number, study_id,
        study_description, referring_physician, patient_name, patient_number, issuer, patient_birth_date, patient_sex, timezone)
    VALUES (d.report_id, d.study_uid, portal.dicom_date(portal.dicom_text(h, '00080020')), portal.dicom_time(portal.dicom_text(h, '00080030')),
           portal.dicom_text(h, '00080050'), portal.dicom_text(h, '00200010'), portal.dicom_text(h, '00081030'),
           portal.dicom_text(h, '00080090'), portal.dicom_text(h, '00100010'), portal.dicom_text(h, '00100020'),
           portal.dicom_text(h, '00100021'), portal.dicom_date(portal.dicom_text(h, '00100030')),
           portal.dicom_text(h, '00100040'), portal.dicom_text(h, '00080201'))
    ON CONFLICT (report_id) DO NOTHING;
    IF d.series_uid <> '' THEN
        step := h->'00400275'->'Value'->0;
        INSERT INTO portal.dicom_series (report_id, series_uid, study_uid, modality, series_number, series_description, body_part,
            laterality, performed_date, performed_time, scheduled_step_id, requested_procedure_id)
        VALUES (d.report_id, d.series_uid, d.study_uid, d.modality, d.series_number, portal.dicom_text(h, '0008103E'),
               d.body_part, coalesce(portal.dicom_text(h, '00200060'), portal.dicom_text(h, '00200062')),
               portal.dicom_date(portal.dicom_text(h, '00400244')), portal.dicom_time(portal.dicom_text(h, '00400245')),
               portal.dicom_text(step, '00400009'), portal.dicom_text(step, '00401001'))
        ON CONFLICT (report_id, series_uid) DO NOTHING;
    END IF;
END
$$;

-- Pictures that are here already are wrapped as well.
INSERT INTO portal.jobs (job_id, kind, report_id, priority, run_at, created_at)
SELECT gen_random_uuid(), 'wrap_pictures', i.report_id, 7, portal.present(), portal.present()
FROM public.report_images i WHERE i.image_format <> 'DICOM' GROUP BY i.report_id
ON CONFLICT DO NOTHING;
