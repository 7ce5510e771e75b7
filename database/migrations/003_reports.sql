CREATE TABLE public.medical_reports (
    report_id        uuid PRIMARY KEY,
    patient_id       uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    radiologist_id   uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    patient_name     text NOT NULL,
    radiologist_name text,
    study_type       text NOT NULL DEFAULT 'chest_xray',
    study_uid        text CONSTRAINT medical_reports_study_uid_form CHECK (study_uid ~ '^[0-9.]{1,64}$'),
    report_image_url text,
    image_metadata   jsonb NOT NULL DEFAULT '{}',
    risk_score       text CONSTRAINT medical_reports_risk_score_check CHECK (risk_score IN ('low', 'medium', 'high')),
    confidence_score numeric(5,4) CONSTRAINT medical_reports_confidence_score_range CHECK (confidence_score BETWEEN 0 AND 1),
    findings         text,
    recommendations  jsonb,
    upload_date      timestamptz NOT NULL DEFAULT now(),
    analysis_date    timestamptz,
    status           text NOT NULL DEFAULT 'pending' CONSTRAINT medical_reports_status_check CHECK (status IN ('pending', 'analyzing', 'analyzed', 'reviewed')),
    patient_age      integer CONSTRAINT medical_reports_patient_age_range CHECK (patient_age BETWEEN 0 AND 150),
    patient_gender   text CONSTRAINT medical_reports_patient_gender_check CHECK (patient_gender IN ('female', 'male', 'other')),
    medical_history  jsonb,
    symptoms         jsonb,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    created_by       uuid,
    updated_by       uuid
);
CREATE UNIQUE INDEX idx_medical_reports_study_uid ON public.medical_reports (study_uid);
-- Each list is read newest first within what it filters by, so the indexes carry that order.
CREATE INDEX idx_medical_reports_patient_id ON public.medical_reports (patient_id, upload_date DESC, report_id DESC);
CREATE INDEX idx_medical_reports_radiologist_id ON public.medical_reports (radiologist_id, upload_date DESC, report_id DESC);
CREATE INDEX idx_medical_reports_status ON public.medical_reports (status, upload_date DESC, report_id DESC);
CREATE INDEX idx_medical_reports_risk_score ON public.medical_reports (risk_score, upload_date DESC, report_id DESC);
CREATE INDEX idx_medical_reports_upload_date ON public.medical_reports (upload_date DESC, report_id DESC);
CREATE INDEX idx_medical_reports_analysis_date ON public.medical_reports (analysis_date);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.medical_reports
    FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- The class of a risk in the reading order: 1 high, 2 not assessed, 3 medium, 4 low.
CREATE FUNCTION portal.queue_class(risk_score text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE risk_score WHEN 'high' THEN 1 WHEN 'medium' THEN 3 WHEN 'low' THEN 4 ELSE 2 END $$;

-- The queue: open reports, one index a class, each longest waiting first. PostgreSQL merges the
-- ranges of several indexes in order (Merge Append), but not several ranges of one index that leads
-- with the class. v_doctor_priority_queue walks them.
CREATE INDEX idx_medical_reports_queue_high ON public.medical_reports (upload_date, report_id)
    WHERE status = 'analyzed' AND risk_score = 'high';
CREATE INDEX idx_medical_reports_queue_unscored ON public.medical_reports (upload_date, report_id)
    WHERE status = 'analyzed' AND risk_score IS NULL;
CREATE INDEX idx_medical_reports_queue_medium ON public.medical_reports (upload_date, report_id)
    WHERE status = 'analyzed' AND risk_score = 'medium';
CREATE INDEX idx_medical_reports_queue_low ON public.medical_reports (upload_date, report_id)
    WHERE status = 'analyzed' AND risk_score = 'low';

CREATE TABLE public.report_images (
    image_id       uuid PRIMARY KEY,
    report_id      uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    image_url      text NOT NULL,
    image_type     text NOT NULL CONSTRAINT report_images_image_type_check CHECK (image_type IN ('xray', 'ct_scan', 'mri')),
    image_format   text NOT NULL CONSTRAINT report_images_image_format_check CHECK (image_format IN ('DICOM', 'PNG', 'JPEG')),
    width          integer CONSTRAINT report_images_width_positive CHECK (width > 0),
    height         integer CONSTRAINT report_images_height_positive CHECK (height > 0),
    file_size      bigint NOT NULL CONSTRAINT report_images_file_size_positive CHECK (file_size > 0),
    dicom_metadata jsonb,
    uploaded_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_report_images_report_id ON public.report_images (report_id);
CREATE INDEX idx_report_images_image_type ON public.report_images (image_type);

-- Where an image's bytes are: the blob store keeps them under their SHA-256.
CREATE TABLE portal.image_blobs (
    image_id uuid PRIMARY KEY REFERENCES public.report_images (image_id) ON DELETE CASCADE,
    sha256   bytea NOT NULL CONSTRAINT image_blobs_sha256_length CHECK (length(sha256) = 32)
);
-- The same file sent twice is one image: two uploads racing meet here.
CREATE UNIQUE INDEX idx_image_blobs_sha256 ON portal.image_blobs (sha256);

-- What DICOM calls an image. One row an instance; the columns that queries filter by.
CREATE TABLE portal.dicom_instances (
    image_id            uuid PRIMARY KEY REFERENCES public.report_images (image_id) ON DELETE CASCADE,
    study_uid           text NOT NULL,
    series_uid          text NOT NULL,
    sop_instance_uid    text NOT NULL,
    sop_class_uid       text,
    transfer_syntax_uid text,
    modality            text,
    body_part           text,
    view_position       text,
    accession_number    text,
    study_date_time     timestamp,
    series_number       integer,
    instance_number     integer,
    frames              integer NOT NULL DEFAULT 1
);
CREATE INDEX idx_dicom_instances_sop_instance_uid ON portal.dicom_instances (sop_instance_uid);
CREATE INDEX idx_dicom_instances_study_uid ON portal.dicom_instances (study_uid, series_uid);
CREATE INDEX idx_dicom_instances_accession_number ON portal.dicom_instances (accession_number);

-- Whether a file is here already. Runs with the owner's eyes: the sender has the very bytes, so
-- learning which report they belong to gives nothing away but that.
CREATE FUNCTION portal.find_image_by_digest(digest bytea)
    RETURNS TABLE (report_id uuid, patient_id uuid, status text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT r.report_id, r.patient_id, r.status
    FROM portal.image_blobs b
    JOIN public.report_images i USING (image_id)
    JOIN public.medical_reports r USING (report_id)
    WHERE b.sha256 = digest
$$;

-- Whether a study is here already, and whose it is. Same reasoning: the sender has the study.
CREATE FUNCTION portal.find_report_by_study(uid text)
    RETURNS TABLE (report_id uuid, patient_id uuid, radiologist_id uuid, status text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT r.report_id, r.patient_id, r.radiologist_id, r.status
    FROM public.medical_reports r
    WHERE r.study_uid = uid
$$;
