CREATE TABLE public.ai_models (
    model_id                 uuid PRIMARY KEY,
    model_name               text NOT NULL,
    version                  text NOT NULL,
    architecture             text,
    framework                text,
    model_file_url           text NOT NULL,
    model_config             jsonb NOT NULL DEFAULT '{}',
    trained_date             date,
    training_dataset_version text,
    deployed_date            timestamptz,
    is_active                boolean NOT NULL DEFAULT false,
    baseline_accuracy        numeric(5,4) CONSTRAINT ai_models_baseline_accuracy_range CHECK (baseline_accuracy BETWEEN 0 AND 1),
    baseline_precision       numeric(5,4) CONSTRAINT ai_models_baseline_precision_range CHECK (baseline_precision BETWEEN 0 AND 1),
    baseline_recall          numeric(5,4) CONSTRAINT ai_models_baseline_recall_range CHECK (baseline_recall BETWEEN 0 AND 1),
    baseline_f1_score        numeric(5,4) CONSTRAINT ai_models_baseline_f1_score_range CHECK (baseline_f1_score BETWEEN 0 AND 1),
    description              text,
    created_at               timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ai_models_name_version_key UNIQUE (model_name, version)
);
CREATE INDEX idx_ai_models_is_active ON public.ai_models (is_active);
CREATE INDEX idx_ai_models_version ON public.ai_models (version);
CREATE INDEX idx_ai_models_deployed_date ON public.ai_models (deployed_date);
-- At most one model scores cases.
CREATE UNIQUE INDEX idx_ai_models_one_active ON public.ai_models (is_active) WHERE is_active;

CREATE TABLE public.ai_analysis (
    analysis_id          uuid PRIMARY KEY,
    report_id            uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    model_id             uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE RESTRICT,
    risk_category        text NOT NULL CONSTRAINT ai_analysis_risk_category_check CHECK (risk_category IN ('low', 'medium', 'high')),
    risk_probability     numeric(5,4) NOT NULL CONSTRAINT ai_analysis_risk_probability_range CHECK (risk_probability BETWEEN 0 AND 1),
    low_probability      numeric(5,4) NOT NULL CONSTRAINT ai_analysis_low_probability_range CHECK (low_probability BETWEEN 0 AND 1),
    medium_probability   numeric(5,4) NOT NULL CONSTRAINT ai_analysis_medium_probability_range CHECK (medium_probability BETWEEN 0 AND 1),
    high_probability     numeric(5,4) NOT NULL CONSTRAINT ai_analysis_high_probability_range CHECK (high_probability BETWEEN 0 AND 1),
    findings             jsonb NOT NULL DEFAULT '[]',
    feature_maps         jsonb,
    attention_maps       jsonb,
    processed_at         timestamptz NOT NULL DEFAULT now(),
    processing_time_ms   integer NOT NULL CONSTRAINT ai_analysis_processing_time_ms_positive CHECK (processing_time_ms >= 0),
    image_quality_score  numeric(5,4) CONSTRAINT ai_analysis_image_quality_score_range CHECK (image_quality_score BETWEEN 0 AND 1),
    confidence_threshold numeric(5,4) CONSTRAINT ai_analysis_confidence_threshold_range CHECK (confidence_threshold BETWEEN 0 AND 1),
    preprocessing_steps  jsonb NOT NULL DEFAULT '[]',
    model_version        text NOT NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ai_analysis_probabilities_sum CHECK (abs(low_probability + medium_probability + high_probability - 1) <= 0.001)
);
-- One current analysis a report.
CREATE UNIQUE INDEX idx_ai_analysis_report_id ON public.ai_analysis (report_id);
CREATE INDEX idx_ai_analysis_model_id ON public.ai_analysis (model_id);
CREATE INDEX idx_ai_analysis_risk_category ON public.ai_analysis (risk_category);
CREATE INDEX idx_ai_analysis_processed_at ON public.ai_analysis (processed_at);

CREATE TABLE public.model_metrics (
    metric_id           uuid PRIMARY KEY,
    model_id            uuid NOT NULL REFERENCES public.ai_models (model_id) ON DELETE CASCADE,
    accuracy            numeric(5,4) CONSTRAINT model_metrics_accuracy_range CHECK (accuracy BETWEEN 0 AND 1),
    "precision"         numeric(5,4) CONSTRAINT model_metrics_precision_range CHECK ("precision" BETWEEN 0 AND 1),
    recall              numeric(5,4) CONSTRAINT model_metrics_recall_range CHECK (recall BETWEEN 0 AND 1),
    f1_score            numeric(5,4) CONSTRAINT model_metrics_f1_score_range CHECK (f1_score BETWEEN 0 AND 1),
    true_positives      integer NOT NULL DEFAULT 0,
    true_negatives      integer NOT NULL DEFAULT 0,
    false_positives     integer NOT NULL DEFAULT 0,
    false_negatives     integer NOT NULL DEFAULT 0,
    total_predictions   integer NOT NULL DEFAULT 0,
    correct_predictions integer NOT NULL DEFAULT 0,
    recorded_at         timestamptz NOT NULL DEFAULT now(),
    period_start        timestamptz,
    period_end          timestamptz,
    auc_roc             numeric(5,4) CONSTRAINT model_metrics_auc_roc_range CHECK (auc_roc BETWEEN 0 AND 1)
);
CREATE INDEX idx_model_metrics_model_id ON public.model_metrics (model_id, recorded_at DESC, metric_id DESC);
CREATE INDEX idx_model_metrics_recorded_at ON public.model_metrics (recorded_at);

-- Why a report was not assessed; the newest analysis counts, so there is one row a report.
CREATE TABLE portal.not_assessed (
    report_id  uuid PRIMARY KEY REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    code       text NOT NULL,
    reason     text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What each inference was made of, for oversight (EU AI Act, article 12). Never changed; goes
-- only with its report.
CREATE TABLE portal.inference_records (
    record_id          uuid PRIMARY KEY,
    report_id          uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    image_id           uuid REFERENCES public.report_images (image_id) ON DELETE CASCADE,
    model_id           uuid REFERENCES public.ai_models (model_id) ON DELETE RESTRICT,
    model_sha256       text,
    input_sha256       text,
    output             jsonb NOT NULL,
    threshold          numeric(5,4),
    engine             text,
    processing_time_ms integer NOT NULL,
    software_version   text NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_inference_records_report_id ON portal.inference_records (report_id, created_at DESC);
CREATE INDEX idx_inference_records_image_id ON portal.inference_records (image_id);
CREATE INDEX idx_inference_records_model_id ON portal.inference_records (model_id, created_at DESC);
