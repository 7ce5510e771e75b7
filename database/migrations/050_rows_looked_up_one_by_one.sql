-- `x IN (SELECT … )` in a policy reads everything that the SELECT may see, once a statement: for each film that came in,
-- every report of its sender and every image that is stored; for each film that a patient looked at, every image. `EXISTS`
-- of one row by its key costs the same however many there are (docs/BENCHMARKS.md, "As the years go by").

-- What hangs on a report is seen by whoever sees the report.
ALTER POLICY with_its_report ON public.report_images
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = report_images.report_id));
ALTER POLICY with_its_report ON public.ai_analysis
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = ai_analysis.report_id));
ALTER POLICY with_its_report ON portal.not_assessed
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = not_assessed.report_id));
ALTER POLICY with_its_report ON portal.inference_records
    USING (NOT is_shadow AND EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = inference_records.report_id));
ALTER POLICY with_its_report ON portal.dicom_studies
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = dicom_studies.report_id));
ALTER POLICY with_its_report ON portal.dicom_series
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = dicom_series.report_id));
ALTER POLICY with_its_report ON portal.prior_studies
    USING (doubts = '{}' AND EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = prior_studies.report_id));
ALTER POLICY of_own_uploads ON portal.identity_confirmations
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = identity_confirmations.report_id));
ALTER POLICY of_own_uploads ON portal.report_releases
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = report_releases.report_id));
ALTER POLICY signed_of_seen_reports ON public.doctor_reviews
    USING (reviewed_at IS NOT NULL
           AND EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = doctor_reviews.report_id));
ALTER POLICY with_its_review ON portal.review_addenda
    USING (EXISTS (SELECT FROM public.doctor_reviews d WHERE d.review_id = review_addenda.review_id));
ALTER POLICY with_its_prior ON portal.prior_images
    USING (EXISTS (SELECT FROM portal.prior_studies p WHERE p.prior_id = prior_images.prior_id));

-- What hangs on an image is seen by whoever sees the image.
ALTER POLICY with_its_image ON portal.image_blobs
    USING (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = image_blobs.image_id));
ALTER POLICY with_its_image ON portal.dicom_instances
    USING (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = dicom_instances.image_id));
ALTER POLICY with_its_image ON portal.wrapped_pictures
    USING (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = wrapped_pictures.image_id));

-- What comes in is the sender's own.
ALTER POLICY send_in ON public.report_images
    WITH CHECK (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = report_images.report_id));
ALTER POLICY send_in ON portal.image_blobs
    WITH CHECK (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = image_blobs.image_id));
ALTER POLICY send_in ON portal.dicom_instances
    WITH CHECK (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = dicom_instances.image_id));
ALTER POLICY wrap ON portal.dicom_instances
    WITH CHECK (EXISTS (SELECT FROM portal.wrapped_pictures w WHERE w.image_id = dicom_instances.image_id));
ALTER POLICY with_own_review ON portal.review_verdicts
    WITH CHECK (EXISTS (SELECT FROM public.doctor_reviews d
                        WHERE d.review_id = review_verdicts.review_id AND d.doctor_id = (SELECT portal.actor_id())));
ALTER POLICY request_own ON portal.correction_requests
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND requested_by = (SELECT portal.actor_id()) AND state = 'open'
                AND (report_id IS NULL
                     OR EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = correction_requests.report_id)));

-- In an emergency.
ALTER POLICY of_the_emergency ON public.report_images
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = report_images.report_id));
ALTER POLICY of_the_emergency ON public.ai_analysis
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = ai_analysis.report_id));
ALTER POLICY of_the_emergency ON portal.not_assessed
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = not_assessed.report_id));
ALTER POLICY of_the_emergency ON public.doctor_reviews
    USING (reviewed_at IS NOT NULL
           AND EXISTS (SELECT FROM public.medical_reports r WHERE r.report_id = doctor_reviews.report_id));
ALTER POLICY of_the_emergency ON portal.review_addenda
    USING (EXISTS (SELECT FROM public.doctor_reviews d WHERE d.review_id = review_addenda.review_id));
ALTER POLICY of_the_emergency ON portal.dicom_instances
    USING (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = dicom_instances.image_id));
ALTER POLICY of_the_emergency ON portal.image_blobs
    USING (EXISTS (SELECT FROM public.report_images i WHERE i.image_id = image_blobs.image_id));

-- Patients whom the actor registered, or has sent films of.
ALTER POLICY keep_of_those_registered ON public.patient_medical_history
    USING (EXISTS (SELECT FROM portal.patient_registrations g
                   WHERE g.patient_id = patient_medical_history.patient_id AND g.registered_by = (SELECT portal.actor_id())))
    WITH CHECK (EXISTS (SELECT FROM portal.patient_registrations g
                        WHERE g.patient_id = patient_medical_history.patient_id
                          AND g.registered_by = (SELECT portal.actor_id())));
ALTER POLICY of_own_uploads ON public.patient_medical_history
    USING (EXISTS (SELECT FROM public.medical_reports r WHERE r.patient_id = patient_medical_history.patient_id));
ALTER POLICY of_those_registered ON portal.history_proposals
    USING (EXISTS (SELECT FROM portal.patient_registrations g
                   WHERE g.patient_id = history_proposals.patient_id AND g.registered_by = (SELECT portal.actor_id())));
ALTER POLICY decide_of_those_registered ON portal.history_proposals
    USING (state = 'open'
           AND EXISTS (SELECT FROM portal.patient_registrations g
                       WHERE g.patient_id = history_proposals.patient_id AND g.registered_by = (SELECT portal.actor_id())));
ALTER POLICY read_disagreements_of_those_seen ON portal.correction_requests
    USING (disagreement IS NOT NULL
           AND (EXISTS (SELECT FROM public.medical_reports r WHERE r.patient_id = correction_requests.patient_id)
                OR EXISTS (SELECT FROM portal.patient_registrations g
                           WHERE g.patient_id = correction_requests.patient_id
                             AND g.registered_by = (SELECT portal.actor_id()))));

-- The proof of a session that is being opened or checked.
ALTER POLICY sign_in ON portal.session_proofs
    USING (EXISTS (SELECT FROM public.sessions s WHERE s.session_id = session_proofs.session_id))
    WITH CHECK (EXISTS (SELECT FROM public.sessions s WHERE s.session_id = session_proofs.session_id));
