-- Twenty thousand more cases of the demo's radiologist and doctor, each of a patient of its own: copies of one that was reviewed
-- and released, a quarter of an hour apart.
SET session_replication_role = replica;

CREATE TEMP TABLE model AS
SELECT r.report_id, r.patient_id, i.image_id, d.review_id
FROM medical_reports r
JOIN portal.report_releases x USING (report_id)
JOIN report_images i USING (report_id)
JOIN doctor_reviews d USING (report_id)
JOIN ai_analysis a USING (report_id)
WHERE x.released_at IS NOT NULL AND r.radiologist_id = (SELECT id FROM users WHERE email = 'radiologist@example.com')
ORDER BY r.report_id, i.image_id LIMIT 1;

CREATE TEMP TABLE copies AS
SELECT n, n * interval '15 minutes' AS earlier, gen_random_uuid() AS patient, gen_random_uuid() AS report,
       gen_random_uuid() AS image, gen_random_uuid() AS review, '1.2.826.0.1.3680043.8.498.' || n AS uid
FROM generate_series(1, 20000) n;

INSERT INTO users SELECT x.* FROM model m JOIN users t ON t.id = m.patient_id, copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('id', c.patient, 'email', c.patient || '@example.com', 'name', 'Nobody ' || c.n,
    'created_at', t.created_at - c.earlier, 'updated_at', t.updated_at - c.earlier)) x;

INSERT INTO portal.unknown_patients (patient_id, issuer, number, name, made_at)
SELECT patient, '', 'Y-' || n, rpad('Nobody ' || n, 150, ' of a long name'), now() - earlier FROM copies;

INSERT INTO portal.patient_registrations
SELECT c.patient, (SELECT id FROM users WHERE email = 'radiologist@example.com'), now() - c.earlier FROM copies c;

INSERT INTO medical_reports SELECT x.* FROM model m JOIN medical_reports t USING (report_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('report_id', c.report, 'patient_id', c.patient, 'study_uid', c.uid,
    'patient_name', 'Nobody ' || c.n, 'upload_date', t.upload_date - c.earlier, 'updated_at', t.updated_at - c.earlier)) x;

INSERT INTO report_images SELECT x.* FROM model m JOIN report_images t USING (image_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('image_id', c.image, 'report_id', c.report,
    'uploaded_at', t.uploaded_at - c.earlier)) x;

INSERT INTO portal.image_blobs (image_id, sha256) SELECT image, sha256(uid::bytea) FROM copies;

INSERT INTO portal.dicom_instances (image_id, study_uid, series_uid, sop_instance_uid, modality)
SELECT image, uid, uid || '.1', uid || '.1.1', 'DX' FROM copies;

INSERT INTO portal.dicom_studies (report_id, study_uid, study_date, patient_number)
SELECT report, uid, (now() - earlier)::date, 'Y-' || n FROM copies;

INSERT INTO portal.dicom_series (report_id, study_uid, series_uid, modality) SELECT report, uid, uid || '.1', 'DX' FROM copies;

INSERT INTO ai_analysis SELECT x.* FROM model m JOIN ai_analysis t USING (report_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('analysis_id', gen_random_uuid(), 'report_id', c.report,
    'processed_at', t.processed_at - c.earlier, 'created_at', t.created_at - c.earlier)) x;

INSERT INTO portal.inference_records SELECT x.* FROM model m JOIN portal.inference_records t USING (report_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('record_id', gen_random_uuid(), 'report_id', c.report, 'image_id', c.image,
    'created_at', t.created_at - c.earlier)) x;

INSERT INTO doctor_reviews SELECT x.* FROM model m JOIN doctor_reviews t USING (review_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('review_id', c.review, 'report_id', c.report,
    'reviewed_at', t.reviewed_at - c.earlier, 'updated_at', t.updated_at - c.earlier)) x;

INSERT INTO portal.review_verdicts SELECT x.* FROM model m JOIN portal.review_verdicts t USING (review_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('review_id', c.review)) x;

INSERT INTO portal.report_releases SELECT x.* FROM model m JOIN portal.report_releases t USING (report_id), copies c,
LATERAL jsonb_populate_record(t, jsonb_build_object('report_id', c.report, 'patient_id', c.patient, 'review_id', c.review,
    'release_at', t.release_at - c.earlier, 'released_at', t.released_at - c.earlier)) x;

SET session_replication_role = origin;
ANALYZE;
