-- Governance of models: what each is there for, who put it there and why, what each said of every case, and
-- how it does over time. Nothing here is clinical: results stay in ai_analysis.

-- What a model is there for, beside ai_models.is_active: a model without a row is registered, or active.
-- A suspended model is the active one that scores silently until somebody decides.
CREATE TABLE portal.model_stages (
    model_id uuid PRIMARY KEY REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    stage    text NOT NULL CONSTRAINT model_stages_stage_check
             CHECK (stage IN ('registered', 'shadow', 'active', 'suspended', 'retired')),
    since    timestamptz NOT NULL
);

-- Every change of a stage: who, when and why.
CREATE TABLE portal.model_changes (
    change_id       uuid PRIMARY KEY,
    model_id        uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    event           text NOT NULL,
    from_stage      text NOT NULL,
    to_stage        text NOT NULL,
    -- For a model that was put to work: the one it took over from.
    replaced_model_id uuid REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    reason          text NOT NULL CONSTRAINT model_changes_reason_length CHECK (length(reason) BETWEEN 1 AND 2000),
    changed_by      uuid REFERENCES public.users (id) ON DELETE SET NULL,
    changed_as      text NOT NULL,
    created_at      timestamptz NOT NULL
);
CREATE INDEX idx_model_changes_model_id ON portal.model_changes (model_id, created_at DESC, change_id DESC);
CREATE INDEX idx_model_changes_replaced_model_id ON portal.model_changes (replaced_model_id);
CREATE INDEX idx_model_changes_changed_by ON portal.model_changes (changed_by);
-- The latest promotion, for the way back.
CREATE INDEX idx_model_changes_created_at ON portal.model_changes (created_at DESC, change_id DESC);

-- One person asks, another one decides. The second check is the rule itself.
CREATE TABLE portal.promotions (
    promotion_id    uuid PRIMARY KEY,
    model_id        uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    replaces_model_id uuid REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    reason          text NOT NULL CONSTRAINT promotions_reason_length CHECK (length(reason) BETWEEN 1 AND 2000),
    -- The side-by-side figures that were at hand when it was asked for.
    comparison      jsonb NOT NULL,
    requested_by    uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    requested_as    text NOT NULL,
    requested_at    timestamptz NOT NULL,
    decision        text CONSTRAINT promotions_decision_check CHECK (decision IN ('approved', 'declined', 'withdrawn')),
    decision_reason text CONSTRAINT promotions_decision_reason_length CHECK (length(decision_reason) BETWEEN 1 AND 2000),
    decided_by      uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    decided_as      text,
    decided_at      timestamptz,
    CONSTRAINT promotions_decided CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_as IS NULL)),
    -- The command line counts as one person, whoever sits there.
    CONSTRAINT promotions_two_persons CHECK (decision IS DISTINCT FROM 'approved' OR requested_by IS DISTINCT FROM decided_by)
);
CREATE UNIQUE INDEX idx_promotions_one_open ON portal.promotions ((true)) WHERE decision IS NULL;
CREATE INDEX idx_promotions_requested_at ON portal.promotions (requested_at DESC, promotion_id DESC);
CREATE INDEX idx_promotions_model_id ON portal.promotions (model_id);
CREATE INDEX idx_promotions_replaces_model_id ON portal.promotions (replaces_model_id);
CREATE INDEX idx_promotions_requested_by ON portal.promotions (requested_by);
CREATE INDEX idx_promotions_decided_by ON portal.promotions (decided_by);

-- What each model said of each case, silent ones included. One row a case and model: the latest.
CREATE TABLE portal.case_scores (
    report_id          uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    model_id           uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    is_shadow          boolean NOT NULL,
    risk_category      text CONSTRAINT case_scores_risk_category_check CHECK (risk_category IN ('low', 'medium', 'high')),
    risk_probability   numeric(5,4) CONSTRAINT case_scores_risk_probability_range CHECK (risk_probability BETWEEN 0 AND 1),
    not_assessed_code  text,
    -- What the picture and the patient were like, as numbers: for drift.
    input_statistics   jsonb NOT NULL DEFAULT '{}',
    processing_time_ms integer NOT NULL CONSTRAINT case_scores_processing_time_ms_positive CHECK (processing_time_ms >= 0),
    scored_at          timestamptz NOT NULL,
    PRIMARY KEY (report_id, model_id),
    CONSTRAINT case_scores_outcome CHECK ((risk_category IS NULL) = (risk_probability IS NULL)
                                          AND (risk_category IS NULL) = (not_assessed_code IS NOT NULL))
);
CREATE INDEX idx_case_scores_model_id ON portal.case_scores (model_id, scored_at);
INSERT INTO portal.case_scores (report_id, model_id, is_shadow, risk_category, risk_probability, processing_time_ms, scored_at)
    SELECT report_id, model_id, false, risk_category, risk_probability, processing_time_ms, processed_at FROM public.ai_analysis;

-- The figures of a model over the time before a day, counted once a day.
CREATE TABLE portal.model_standings (
    model_id    uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    day         date NOT NULL,
    figures     jsonb NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (model_id, day)
);

-- How a quantity was spread over a model's first cases: bins between edges, and the cases in each.
CREATE TABLE portal.drift_references (
    model_id   uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    quantity   text NOT NULL,
    edges      double precision[] NOT NULL,
    counts     bigint[] NOT NULL CONSTRAINT drift_references_bins CHECK (cardinality(counts) = cardinality(edges) + 1),
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (model_id, quantity)
);

-- What somebody should look at. One open alarm a model, kind and quantity.
CREATE TABLE portal.model_alarms (
    alarm_id        uuid PRIMARY KEY,
    model_id        uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    kind            text NOT NULL,
    quantity        text NOT NULL,
    figure          double precision,
    alarm_limit     double precision,
    detail          text NOT NULL,
    raised_at       timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    acknowledged_by uuid REFERENCES public.users (id) ON DELETE SET NULL,
    acknowledged_at timestamptz,
    resolved_at     timestamptz
);
CREATE UNIQUE INDEX idx_model_alarms_one_open ON portal.model_alarms (model_id, kind, quantity) WHERE resolved_at IS NULL;
CREATE INDEX idx_model_alarms_model_id ON portal.model_alarms (model_id, raised_at DESC);
CREATE INDEX idx_model_alarms_raised_at ON portal.model_alarms (raised_at DESC, alarm_id DESC);
CREATE INDEX idx_model_alarms_acknowledged_by ON portal.model_alarms (acknowledged_by);

-- A shadow's answer is nobody's business but the overseers': it must not reach a reader or a patient.
ALTER TABLE portal.inference_records ADD COLUMN is_shadow boolean NOT NULL DEFAULT false;
DROP POLICY read_all ON portal.inference_records;
CREATE POLICY read_all ON portal.inference_records FOR SELECT TO portal_doctor USING (NOT is_shadow);
DROP POLICY with_its_report ON portal.inference_records;
CREATE POLICY with_its_report ON portal.inference_records FOR SELECT TO portal_patient, portal_radiologist
    USING (NOT is_shadow AND report_id IN (SELECT r.report_id FROM public.medical_reports r));

-- Puts the model of an approved promotion to work. Doctors may approve but not run models, so this does what
-- the approval says and nothing else.
CREATE FUNCTION portal.carry_out_promotion(promotion uuid, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    promoted uuid;
    replaced uuid;
BEGIN
    SELECT p.model_id INTO STRICT promoted FROM portal.promotions p
        WHERE p.promotion_id = promotion AND p.decision = 'approved' AND p.decided_at = at;
    UPDATE public.ai_models SET is_active = false WHERE is_active AND model_id <> promoted RETURNING model_id INTO replaced;
    UPDATE public.ai_models SET is_active = true, deployed_date = at WHERE model_id = promoted;
    INSERT INTO portal.model_stages (model_id, stage, since)
        SELECT model_id, stage, at FROM (VALUES (promoted, 'active'), (replaced, 'registered')) moved (model_id, stage)
        WHERE model_id IS NOT NULL
        ON CONFLICT (model_id) DO UPDATE SET stage = excluded.stage, since = excluded.since;
END
$$;
REVOKE ALL ON FUNCTION portal.carry_out_promotion(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.carry_out_promotion(uuid, timestamptz) TO portal_tech, portal_doctor;

-- Who asks for a promotion tells those who may decide.
GRANT EXECUTE ON FUNCTION portal.active_doctors(), portal.active_tech() TO portal_tech, portal_doctor;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['model_stages', 'model_changes', 'promotions', 'case_scores', 'model_standings',
                                'drift_references', 'model_alarms']
    LOOP
        EXECUTE format('ALTER TABLE portal.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE portal.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_maintains ON portal.%I TO portal_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

GRANT SELECT ON portal.model_stages, portal.promotions, portal.model_standings, portal.model_alarms, portal.model_changes
    TO portal_radiologist, portal_doctor, portal_tech, portal_worker;
CREATE POLICY read_stages ON portal.model_stages FOR SELECT TO portal_radiologist, portal_doctor USING (true);
CREATE POLICY read_promotions ON portal.promotions FOR SELECT TO portal_radiologist, portal_doctor, portal_worker USING (true);
CREATE POLICY read_standings ON portal.model_standings FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (true);
CREATE POLICY read_alarms ON portal.model_alarms FOR SELECT TO portal_radiologist, portal_doctor USING (true);
CREATE POLICY read_changes ON portal.model_changes FOR SELECT TO portal_radiologist, portal_doctor, portal_tech, portal_worker USING (true);

GRANT INSERT, UPDATE ON portal.model_stages TO portal_tech, portal_worker;
CREATE POLICY run_stages ON portal.model_stages TO portal_tech, portal_worker USING (true) WITH CHECK (true);

GRANT INSERT ON portal.model_changes TO portal_tech, portal_doctor, portal_worker;
CREATE POLICY note_own ON portal.model_changes FOR INSERT TO portal_tech, portal_doctor
    WITH CHECK (changed_by IS NOT DISTINCT FROM (SELECT portal.actor_id()));
CREATE POLICY note ON portal.model_changes FOR INSERT TO portal_worker WITH CHECK (changed_by IS NULL);

GRANT INSERT ON portal.promotions TO portal_tech;
GRANT UPDATE (decision, decision_reason, decided_by, decided_as, decided_at) ON portal.promotions TO portal_tech, portal_doctor;
CREATE POLICY oversee ON portal.promotions FOR SELECT TO portal_tech USING (true);
CREATE POLICY request_own ON portal.promotions FOR INSERT TO portal_tech
    WITH CHECK (requested_by IS NOT DISTINCT FROM (SELECT portal.actor_id()) AND decision IS NULL);
CREATE POLICY decide ON portal.promotions FOR UPDATE TO portal_tech, portal_doctor
    USING (decision IS NULL) WITH CHECK (decided_by IS NOT DISTINCT FROM (SELECT portal.actor_id()));

GRANT SELECT ON portal.case_scores, portal.drift_references TO portal_tech, portal_worker;
GRANT INSERT, UPDATE, DELETE ON portal.case_scores TO portal_worker;
GRANT INSERT ON portal.drift_references TO portal_worker;
CREATE POLICY oversee ON portal.case_scores FOR SELECT TO portal_tech USING (true);
CREATE POLICY score ON portal.case_scores TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY oversee ON portal.drift_references FOR SELECT TO portal_tech USING (true);
CREATE POLICY count ON portal.drift_references TO portal_worker USING (true) WITH CHECK (true);

GRANT INSERT, UPDATE ON portal.model_standings, portal.model_alarms TO portal_worker;
GRANT UPDATE (acknowledged_by, acknowledged_at) ON portal.model_alarms TO portal_tech;
CREATE POLICY count ON portal.model_standings TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY raise ON portal.model_alarms TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY acknowledge ON portal.model_alarms TO portal_tech USING (true)
    WITH CHECK (acknowledged_by IS NOT DISTINCT FROM (SELECT portal.actor_id()));
