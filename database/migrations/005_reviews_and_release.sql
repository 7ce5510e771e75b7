-- A review is a draft while reviewed_at is NULL and signed from then on.
CREATE TABLE public.doctor_reviews (
    review_id              uuid PRIMARY KEY,
    report_id              uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE RESTRICT,
    doctor_id              uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    review_notes           text,
    clinical_findings      text,
    confirmed_ai_diagnosis boolean,    -- NULL: the AI gave none
    ai_accuracy_rating     smallint CONSTRAINT doctor_reviews_ai_accuracy_rating_range CHECK (ai_accuracy_rating BETWEEN 1 AND 5),
    doctor_risk_assessment text CONSTRAINT doctor_reviews_doctor_risk_assessment_check CHECK (doctor_risk_assessment IN ('low', 'medium', 'high')),
    urgency_level          text CONSTRAINT doctor_reviews_urgency_level_check CHECK (urgency_level IN ('routine', 'follow_up', 'urgent', 'critical')),
    recommended_action     text,
    follow_up_required     boolean NOT NULL DEFAULT false,
    follow_up_date         date,
    treatment_plan         text,
    medication_prescribed  jsonb,
    reviewed_at            timestamptz,
    updated_at             timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_doctor_reviews_report_id ON public.doctor_reviews (report_id, reviewed_at DESC);
CREATE INDEX idx_doctor_reviews_doctor_id ON public.doctor_reviews (doctor_id, reviewed_at DESC, review_id DESC);
CREATE INDEX idx_doctor_reviews_urgency_level ON public.doctor_reviews (urgency_level);
CREATE INDEX idx_doctor_reviews_reviewed_at ON public.doctor_reviews (reviewed_at);
-- One draft a doctor and report.
CREATE UNIQUE INDEX idx_doctor_reviews_one_draft ON public.doctor_reviews (report_id, doctor_id) WHERE reviewed_at IS NULL;
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.doctor_reviews
    FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

CREATE FUNCTION portal.refuse_change_of_signed_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.reviewed_at IS NOT NULL THEN
        RAISE EXCEPTION 'review % is signed and cannot be changed: add an addendum', OLD.review_id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'doctor_reviews_signed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER signed_is_final BEFORE UPDATE OR DELETE ON public.doctor_reviews
    FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_signed_review();

-- Why a doctor disagreed with the AI, and what was thought before its verdict was shown.
CREATE TABLE portal.review_verdicts (
    review_id              uuid PRIMARY KEY REFERENCES public.doctor_reviews (review_id) ON DELETE CASCADE,
    ai_disagreement_reason text,
    analysis_id            uuid,       -- the analysis that was on the screen
    ai_risk_category       text,
    first_impression_risk  text CONSTRAINT review_verdicts_first_impression_risk_check CHECK (first_impression_risk IN ('low', 'medium', 'high'))
);

CREATE TABLE portal.first_impressions (
    report_id  uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    doctor_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    risk       text NOT NULL CONSTRAINT first_impressions_risk_check CHECK (risk IN ('low', 'medium', 'high')),
    note       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, doctor_id)
);
CREATE INDEX idx_first_impressions_doctor_id ON portal.first_impressions (doctor_id);

CREATE TABLE portal.review_addenda (
    addendum_id uuid PRIMARY KEY,
    review_id   uuid NOT NULL REFERENCES public.doctor_reviews (review_id) ON DELETE RESTRICT,
    doctor_id   uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    addendum    text NOT NULL CONSTRAINT review_addenda_length CHECK (length(addendum) BETWEEN 1 AND 20000),
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_review_addenda_review_id ON portal.review_addenda (review_id, created_at);
CREATE INDEX idx_review_addenda_doctor_id ON portal.review_addenda (doctor_id);

-- Marks drawn on the images, as the viewer's annotation state; one document a doctor and report.
CREATE TABLE portal.report_annotations (
    report_id  uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    doctor_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    content    jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, doctor_id)
);
CREATE INDEX idx_report_annotations_doctor_id ON portal.report_annotations (doctor_id);

CREATE TABLE portal.report_claims (
    report_id  uuid PRIMARY KEY REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    doctor_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_report_claims_doctor_id ON portal.report_claims (doctor_id);

-- When the patient may see the result: planned at signing, done when released_at is set.
CREATE TABLE portal.report_releases (
    report_id   uuid PRIMARY KEY REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    patient_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    review_id   uuid NOT NULL REFERENCES public.doctor_reviews (review_id) ON DELETE RESTRICT,
    release_at  timestamptz NOT NULL,
    released_at timestamptz,
    released_by uuid,                  -- NULL: by the portal when the time had come
    reason      text NOT NULL DEFAULT ''
);
CREATE INDEX idx_report_releases_patient_id ON portal.report_releases (patient_id);
CREATE INDEX idx_report_releases_review_id ON portal.report_releases (review_id);
CREATE INDEX idx_report_releases_due ON portal.report_releases (release_at) WHERE released_at IS NULL;
