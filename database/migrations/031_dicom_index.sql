-- What DICOM queries ask for, a row a study and report and a row a series, beside the row an instance that is there
-- already. The database keeps them itself, from the header that is stored with each image: whichever way a film comes
-- in, its rows are there when it is.
CREATE TABLE portal.dicom_studies (
    report_id           uuid PRIMARY KEY REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    study_uid           text NOT NULL,
    study_date          date,
    study_time          time,
    accession_number    text,
    study_id            text,
    study_description   text,
    referring_physician text,  -- names as DICOM writes them: components by ^, groups by =
    patient_name        text,
    patient_number      text,
    issuer              text,
    patient_birth_date  date,
    patient_sex         text,
    timezone            text
);
-- Films of one study that came after its review lie in a report of their own.
CREATE INDEX idx_dicom_studies_study_uid ON portal.dicom_studies (study_uid, report_id);
CREATE INDEX idx_dicom_studies_study_date ON portal.dicom_studies (study_date DESC NULLS LAST, report_id DESC);
CREATE INDEX idx_dicom_studies_patient_number ON portal.dicom_studies (patient_number text_pattern_ops);
CREATE INDEX idx_dicom_studies_patient_name ON portal.dicom_studies (lower(patient_name) text_pattern_ops);
CREATE INDEX idx_dicom_studies_accession_number ON portal.dicom_studies (accession_number text_pattern_ops);

CREATE TABLE portal.dicom_series (
    report_id          uuid NOT NULL REFERENCES portal.dicom_studies (report_id) ON DELETE CASCADE,
    series_uid         text NOT NULL,
    study_uid          text NOT NULL,
    modality           text,
    series_number      integer,
    series_description text,
    body_part          text,
    laterality         text,
    performed_date     date,
    performed_time     time,
    scheduled_step_id  text,
    requested_procedure_id text,
    PRIMARY KEY (report_id, series_uid)
);
CREATE INDEX idx_dicom_series_study_uid ON portal.dicom_series (study_uid, series_uid);
CREATE INDEX idx_dicom_series_series_uid ON portal.dicom_series (series_uid);
CREATE INDEX idx_dicom_series_modality ON portal.dicom_series (modality);

-- The first value of an attribute in the DICOM JSON model, as text; a person's name with its groups.
CREATE FUNCTION portal.dicom_text(header jsonb, tag text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT nullif(left(CASE jsonb_typeof(header->tag->'Value'->0)
        WHEN 'object' THEN rtrim(concat_ws('=', rtrim(coalesce(header->tag->'Value'->0->>'Alphabetic', ''), '^'),
                                 coalesce(header->tag->'Value'->0->>'Ideographic', ''),
                                 coalesce(header->tag->'Value'->0->>'Phonetic', '')), '=')
        ELSE header->tag->'Value'->>0 END, 324), '')
$$;
-- Days and times as DICOM writes them; what is none is left out.
CREATE FUNCTION portal.dicom_date(given text) RETURNS date
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
    IF given ~ '^[0-9]{4}\.?[0-9]{2}\.?[0-9]{2}$' THEN
        RETURN to_date(replace(given, '.', ''), 'YYYYMMDD');
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END
$$;
CREATE FUNCTION portal.dicom_time(given text) RETURNS time
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
BEGIN
    IF replace(given, ':', '') ~ '^[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?$' THEN
        RETURN (rpad(left(replace(given, ':', ''), 6), 6, '0') || substr(replace(given, ':', ''), 7))::time;
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END
$$;

-- Notes the study and the series of an instance; the first instance of each says what they are called.
CREATE FUNCTION portal.index_dicom_instance(image uuid) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    INSERT INTO portal.dicom_studies (report_id, study_uid, study_date, study_time, accession_number, study_id,
        study_description, referring_physician, patient_name, patient_number, issuer, patient_birth_date, patient_sex, timezone)
    SELECT i.report_id, d.study_uid, portal.dicom_date(portal.dicom_text(h, '00080020')), portal.dicom_time(portal.dicom_text(h, '00080030')),
           portal.dicom_text(h, '00080050'), portal.dicom_text(h, '00200010'), portal.dicom_text(h, '00081030'),
           portal.dicom_text(h, '00080090'), portal.dicom_text(h, '00100010'), portal.dicom_text(h, '00100020'),
           portal.dicom_text(h, '00100021'), portal.dicom_date(portal.dicom_text(h, '00100030')),
           portal.dicom_text(h, '00100040'), portal.dicom_text(h, '00080201')
    FROM portal.dicom_instances d JOIN public.report_images i USING (image_id), LATERAL (SELECT i.dicom_metadata AS h) header
    WHERE d.image_id = image AND d.study_uid <> ''
    ON CONFLICT (report_id) DO NOTHING;
    INSERT INTO portal.dicom_series (report_id, series_uid, study_uid, modality, series_number, series_description, body_part,
        laterality, performed_date, performed_time, scheduled_step_id, requested_procedure_id)
    SELECT i.report_id, d.series_uid, d.study_uid, d.modality, d.series_number, portal.dicom_text(h, '0008103E'),
           d.body_part, coalesce(portal.dicom_text(h, '00200060'), portal.dicom_text(h, '00200062')),
           portal.dicom_date(portal.dicom_text(h, '00400244')), portal.dicom_time(portal.dicom_text(h, '00400245')),
           portal.dicom_text(h->'00400275'->'Value'->0, '00400009'), portal.dicom_text(h->'00400275'->'Value'->0, '00401001')
    FROM portal.dicom_instances d JOIN public.report_images i USING (image_id), LATERAL (SELECT i.dicom_metadata AS h) header
    WHERE d.image_id = image AND d.study_uid <> '' AND d.series_uid <> ''
    ON CONFLICT (report_id, series_uid) DO NOTHING
$$;
CREATE FUNCTION portal.index_new_dicom_instance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    PERFORM portal.index_dicom_instance(NEW.image_id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION portal.index_dicom_instance(uuid), portal.index_new_dicom_instance() FROM PUBLIC;
CREATE TRIGGER index_for_queries AFTER INSERT ON portal.dicom_instances
    FOR EACH ROW EXECUTE FUNCTION portal.index_new_dicom_instance();

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['dicom_studies', 'dicom_series']
    LOOP
        EXECUTE format('ALTER TABLE portal.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE portal.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_maintains ON portal.%I TO portal_owner USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT ON portal.%I TO portal_patient, portal_radiologist, portal_doctor', name);
        EXECUTE format('CREATE POLICY with_its_report ON portal.%I FOR SELECT TO portal_patient, portal_radiologist
                        USING (report_id IN (SELECT r.report_id FROM public.medical_reports r))', name);
        EXECUTE format('CREATE POLICY read_all ON portal.%I FOR SELECT TO portal_doctor USING (true)', name);
    END LOOP;
END
$$;

-- What is stored already, the oldest film of each study first.
SELECT count(portal.index_dicom_instance(d.image_id)) FROM (SELECT image_id FROM portal.dicom_instances ORDER BY image_id) d;

-- Notes that somebody asked for a study that is there and not for them to see. The asker learns nothing of it.
CREATE FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    INSERT INTO public.audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                   new_values, status, error_message, created_at)
    SELECT gen_random_uuid(), portal.actor_id(), as_role, 'refuse', 'report', s.report_id, address, agent, request, 'denied',
           'it is there, and not for this user to see', portal.present()
    FROM portal.dicom_studies s WHERE s.study_uid = uid
$$;
REVOKE ALL ON FUNCTION portal.note_refused_study(text, text, inet, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.note_refused_study(text, text, inet, text, jsonb)
    TO portal_patient, portal_radiologist, portal_doctor;

-- Patients whom nobody has registered yet, made because a machine sent a study with a number that belongs to nobody, or
-- with none. Staff finds out who they are; until then no film of theirs is anybody else's.
CREATE TABLE portal.unknown_patients (
    patient_id  uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    issuer      text NOT NULL,
    number      text NOT NULL,   -- as the films say; '' where they say none
    name        text NOT NULL,
    birth_date  date,
    made_at     timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by uuid REFERENCES public.users (id) ON DELETE SET NULL,
    resolved_as uuid REFERENCES public.users (id) ON DELETE SET NULL
);
CREATE INDEX idx_unknown_patients_number ON portal.unknown_patients (issuer, number) WHERE resolved_at IS NULL;
CREATE INDEX idx_unknown_patients_made_at ON portal.unknown_patients (made_at DESC, patient_id DESC) WHERE resolved_at IS NULL;
CREATE INDEX idx_unknown_patients_resolved_by ON portal.unknown_patients (resolved_by);
CREATE INDEX idx_unknown_patients_resolved_as ON portal.unknown_patients (resolved_as);
ALTER TABLE portal.unknown_patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.unknown_patients FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.unknown_patients TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON portal.unknown_patients TO portal_radiologist;
GRANT SELECT ON portal.unknown_patients TO portal_doctor;
CREATE POLICY staff_knows_patients ON portal.unknown_patients FOR SELECT TO portal_radiologist, portal_doctor USING (true);
CREATE POLICY send_in ON portal.unknown_patients FOR INSERT TO portal_radiologist WITH CHECK (resolved_at IS NULL);

-- Gives every film of an unknown patient to a registered one, or says that the record itself is now the patient's.
-- What is signed stays as it is, and whose film it is has to be confirmed anew where it is not.
CREATE FUNCTION portal.resolve_unknown_patient(unknown uuid, known uuid) RETURNS integer
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    moved integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM public.users u WHERE u.id = known AND u.role = 'patient')
       OR EXISTS (SELECT FROM portal.unknown_patients p WHERE p.patient_id = known AND p.resolved_at IS NULL AND known <> unknown) THEN
        RETURN -2;
    END IF;
    UPDATE portal.unknown_patients p
    SET resolved_at = portal.present(), resolved_by = portal.actor_id(), resolved_as = known
    WHERE p.patient_id = unknown AND p.resolved_at IS NULL;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    IF known <> unknown THEN
        UPDATE public.medical_reports r
        SET patient_id = known, patient_name = (SELECT u.name FROM public.users u WHERE u.id = known),
            -- A doctor says again whose film it is before it is signed.
            image_metadata = CASE WHEN r.status = 'reviewed' OR r.image_metadata->'identity_disagreement' ? 'identifier' THEN r.image_metadata
                ELSE jsonb_set(r.image_metadata, '{identity_disagreement}',
                               coalesce(r.image_metadata->'identity_disagreement', '[]') || '["identifier"]') END,
            updated_by = portal.actor_id()
        WHERE r.patient_id = unknown;
        GET DIAGNOSTICS moved = ROW_COUNT;
        UPDATE portal.report_releases x SET patient_id = known WHERE x.patient_id = unknown;
        UPDATE public.users u SET is_active = false WHERE u.id = unknown;
    END IF;
    RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION portal.resolve_unknown_patient(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.resolve_unknown_patient(uuid, uuid) TO portal_doctor;
