-- Development data: the four demo accounts (password demo-portal-2026), six made-up patients and
-- reports in every state, without images. For working on queries and screens; `serve --demo` fills
-- a portal with drawn films instead. Loading it twice changes nothing.
BEGIN;
-- As the owner and with a clock, since changes of cases by anybody else are noted as changes past the portal.
SET LOCAL ROLE portal_owner;
SELECT set_config('portal.present', now()::text, true);

INSERT INTO public.users (id, email, password_hash, role, name, date_of_birth)
SELECT ('01900000-0000-7000-8000-00000000000' || n)::uuid, role || '@example.com', '$argon2id$v=19$m=19456,t=2,p=1$HUlxZjHtIes1SiYx/Bn82w$z6Z3HC6D2ddtK5dtAnYlf24F3/nl9Zpb4pTVSFziKz8', role, name, born
FROM (VALUES (1, 'patient', 'Demo Patient', date '2022-03-14'),
             (2, 'radiologist', 'Demo Radiologist', NULL),
             (3, 'doctor', 'Demo Doctor', NULL),
             (4, 'tech', 'Demo Tech', NULL)) AS account (n, role, name, born)
ON CONFLICT DO NOTHING;

INSERT INTO public.users (id, email, role, name, date_of_birth)
SELECT ('01900000-0000-7000-8000-0000000001' || lpad(n::text, 2, '0'))::uuid, 'demo-' || n || '@example.com', 'patient',
       'Demo Child ' || n, date '2021-01-01' + n * 100
FROM generate_series(1, 6) AS n
ON CONFLICT DO NOTHING;

INSERT INTO public.patient_medical_history (history_id, patient_id, conditions, allergies, lifestyle)
VALUES ('01900000-0000-7000-8000-000000000201', '01900000-0000-7000-8000-000000000001',
        '["asthma"]', '["penicillin"]', '{"smoking": "none in the household", "exercise": "daily"}')
ON CONFLICT DO NOTHING;

INSERT INTO public.ai_models (model_id, model_name, version, architecture, model_file_url, description)
VALUES ('01900000-0000-7000-8000-000000000301', 'development-model', '0', 'none', 'none', 'Placeholder for development rows; scores nothing')
ON CONFLICT DO NOTHING;

-- Twenty-four reports: every class and state, the oldest ones overdue.
INSERT INTO public.medical_reports (report_id, patient_id, radiologist_id, patient_name, radiologist_name, study_type,
    risk_score, confidence_score, findings, upload_date, analysis_date, status, patient_age, patient_gender)
SELECT ('01900000-0000-7000-8000-0000000004' || lpad(n::text, 2, '0'))::uuid,
       ('01900000-0000-7000-8000-0000000001' || lpad((1 + n % 6)::text, 2, '0'))::uuid,
       '01900000-0000-7000-8000-000000000002', 'Demo Child ' || (1 + n % 6), 'Demo Radiologist', 'chest_xray',
       risk, CASE WHEN risk IS NOT NULL THEN 0.8 END, coalesce('Development row, risk ' || risk, 'Not assessed by the AI: development row.'),
       now() - make_interval(mins => n * 37), now() - make_interval(mins => n * 37 - 1), status, 3, 'other'
FROM generate_series(1, 24) AS n,
     LATERAL (SELECT (ARRAY['low', 'medium', 'high', NULL])[1 + n % 4] AS risk,
                     CASE WHEN n % 6 = 5 THEN 'reviewed' ELSE 'analyzed' END AS status) AS state
ON CONFLICT DO NOTHING;

INSERT INTO public.ai_analysis (analysis_id, report_id, model_id, risk_category, risk_probability, low_probability,
    medium_probability, high_probability, processing_time_ms, model_version)
SELECT ('01900000-0000-7000-8000-0000000005' || right(r.report_id::text, 2))::uuid, r.report_id,
       '01900000-0000-7000-8000-000000000301', r.risk_score,
       CASE r.risk_score WHEN 'low' THEN 0.1 WHEN 'medium' THEN 0.6 ELSE 0.95 END,
       CASE r.risk_score WHEN 'low' THEN 0.8 ELSE 0.1 END, CASE r.risk_score WHEN 'medium' THEN 0.8 ELSE 0.1 END,
       CASE r.risk_score WHEN 'high' THEN 0.8 ELSE 0.1 END, 5, 'development-model 0'
FROM public.medical_reports r
WHERE r.report_id::text LIKE '01900000-0000-7000-8000-0000000004%' AND r.risk_score IS NOT NULL
ON CONFLICT DO NOTHING;

INSERT INTO portal.not_assessed (report_id, code, reason)
SELECT r.report_id, 'development_row', 'this is a development row'
FROM public.medical_reports r
WHERE r.report_id::text LIKE '01900000-0000-7000-8000-0000000004%' AND r.risk_score IS NULL
ON CONFLICT DO NOTHING;

INSERT INTO public.doctor_reviews (review_id, report_id, doctor_id, clinical_findings, confirmed_ai_diagnosis,
    doctor_risk_assessment, urgency_level, recommended_action, reviewed_at)
SELECT ('01900000-0000-7000-8000-0000000006' || right(r.report_id::text, 2))::uuid, r.report_id,
       '01900000-0000-7000-8000-000000000003', 'Development row.', r.risk_score IS NOT NULL,
       coalesce(r.risk_score, 'low'), 'routine', 'None.', now()
FROM public.medical_reports r
WHERE r.report_id::text LIKE '01900000-0000-7000-8000-0000000004%' AND r.status = 'reviewed'
ON CONFLICT DO NOTHING;

INSERT INTO portal.report_releases (report_id, patient_id, review_id, release_at, released_at)
SELECT d.report_id, r.patient_id, d.review_id, d.reviewed_at, d.reviewed_at
FROM public.doctor_reviews d JOIN public.medical_reports r USING (report_id)
WHERE r.report_id::text LIKE '01900000-0000-7000-8000-0000000004%'
ON CONFLICT DO NOTHING;

COMMIT;
