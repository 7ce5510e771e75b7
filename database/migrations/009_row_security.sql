-- Who may see and do what, in the database itself. Every policy is written for one role, so that a
-- list costs an index scan and not a function call a row; a role without a policy sees nothing.
-- Row security is forced on the owner as well; `owner_maintains` lets migrations and the few
-- SECURITY DEFINER functions work.
DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace IN ('public'::regnamespace, 'portal'::regnamespace)
          AND c.relkind IN ('r', 'p')
          AND c.relname <> 'schema_migrations'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner_maintains ON %s TO portal_owner USING (true) WITH CHECK (true)', t);
    END LOOP;
END
$$;

-- users ---------------------------------------------------------------------------------------
GRANT SELECT, UPDATE (password_hash, last_login_at) ON public.users TO portal_anonymous;
GRANT INSERT ON public.users TO portal_anonymous;
CREATE POLICY sign_in ON public.users FOR SELECT TO portal_anonymous USING (true);
CREATE POLICY sign_in_note ON public.users FOR UPDATE TO portal_anonymous USING (is_active);
CREATE POLICY sign_up ON public.users FOR INSERT TO portal_anonymous WITH CHECK (role = 'patient');

GRANT SELECT (id, email, role, name, phone, date_of_birth, profile_picture_url, preferences, is_active,
              last_login_at, created_at, updated_at),
      UPDATE (name, phone, date_of_birth, profile_picture_url, preferences)
    ON public.users TO portal_patient, portal_radiologist, portal_doctor;
GRANT INSERT ON public.users TO portal_radiologist, portal_doctor;
CREATE POLICY own_account ON public.users FOR SELECT TO portal_patient
    USING (id = (SELECT portal.actor_id()));
CREATE POLICY patients_and_own_account ON public.users FOR SELECT TO portal_radiologist, portal_doctor
    USING (role = 'patient' OR id = (SELECT portal.actor_id()));
CREATE POLICY change_own_account ON public.users FOR UPDATE TO portal_patient
    USING (id = (SELECT portal.actor_id()));
CREATE POLICY change_patients_and_own_account ON public.users FOR UPDATE TO portal_radiologist, portal_doctor
    USING (role = 'patient' OR id = (SELECT portal.actor_id()));
CREATE POLICY register_patients ON public.users FOR INSERT TO portal_radiologist, portal_doctor
    WITH CHECK (role = 'patient' AND password_hash IS NULL);

-- Tech runs accounts and needs neither phone nor date of birth for that.
GRANT SELECT (id, email, role, name, profile_picture_url, preferences, is_active, last_login_at, created_at, updated_at),
      UPDATE (email, password_hash, role, name, is_active, preferences, profile_picture_url)
    ON public.users TO portal_tech;
GRANT INSERT ON public.users TO portal_tech;
CREATE POLICY run_accounts ON public.users TO portal_tech USING (true) WITH CHECK (true);

GRANT SELECT (id, email, role, name, preferences, is_active) ON public.users TO portal_worker;
CREATE POLICY know_recipients ON public.users FOR SELECT TO portal_worker USING (true);

-- The name of a member of staff, for those who see what that person did but not the account.
CREATE FUNCTION portal.staff_name(staff_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.name FROM public.users u WHERE u.id = staff_id AND u.role <> 'patient' $$;
-- The doctors to be told of a new case.
CREATE FUNCTION portal.active_doctors() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'doctor' AND u.is_active $$;
CREATE FUNCTION portal.active_tech() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'tech' AND u.is_active $$;

-- sessions and sign-in ------------------------------------------------------------------------
GRANT SELECT, INSERT, UPDATE ON public.sessions TO portal_anonymous;
CREATE POLICY open_and_check ON public.sessions TO portal_anonymous USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (is_active, logout_time) ON public.sessions
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech;
CREATE POLICY own_sessions ON public.sessions TO portal_patient, portal_radiologist, portal_doctor
    USING (user_id = (SELECT portal.actor_id()));
CREATE POLICY end_sessions ON public.sessions TO portal_tech USING (true);
GRANT SELECT, DELETE ON public.sessions TO portal_worker;
CREATE POLICY clear_expired ON public.sessions TO portal_worker USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON portal.sign_in_failures TO portal_anonymous;
CREATE POLICY count_failures ON portal.sign_in_failures TO portal_anonymous USING (true) WITH CHECK (true);
GRANT DELETE, SELECT ON portal.sign_in_failures TO portal_tech, portal_worker;
CREATE POLICY clear_failures ON portal.sign_in_failures TO portal_tech, portal_worker USING (true);

GRANT SELECT, INSERT ON portal.patient_identifiers TO portal_radiologist, portal_doctor;
GRANT SELECT ON portal.patient_identifiers TO portal_patient;
CREATE POLICY match_patients ON portal.patient_identifiers TO portal_radiologist, portal_doctor
    USING (true) WITH CHECK (true);
CREATE POLICY own_identifiers ON portal.patient_identifiers FOR SELECT TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()));

-- reports -------------------------------------------------------------------------------------
GRANT SELECT ON public.medical_reports TO portal_patient, portal_radiologist, portal_doctor, portal_worker;
GRANT INSERT ON public.medical_reports TO portal_radiologist;
GRANT UPDATE ON public.medical_reports TO portal_radiologist, portal_doctor, portal_worker;
CREATE POLICY own_released ON public.medical_reports FOR SELECT TO portal_patient
    USING (patient_id = (SELECT portal.actor_id())
           AND report_id IN (SELECT x.report_id FROM portal.report_releases x
                             WHERE x.patient_id = (SELECT portal.actor_id()) AND x.released_at IS NOT NULL));
CREATE POLICY own_uploads ON public.medical_reports TO portal_radiologist
    USING (radiologist_id = (SELECT portal.actor_id()))
    WITH CHECK (radiologist_id = (SELECT portal.actor_id()));
CREATE POLICY read_all ON public.medical_reports FOR SELECT TO portal_doctor USING (true);
CREATE POLICY sign ON public.medical_reports FOR UPDATE TO portal_doctor USING (true);
CREATE POLICY score ON public.medical_reports FOR SELECT TO portal_worker USING (true);
CREATE POLICY score_update ON public.medical_reports FOR UPDATE TO portal_worker USING (true);

-- What hangs on a report is seen by whoever sees the report.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['public.report_images', 'public.ai_analysis', 'portal.not_assessed', 'portal.inference_records']
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO portal_patient, portal_radiologist, portal_doctor, portal_worker', t);
        EXECUTE format('CREATE POLICY with_its_report ON %s FOR SELECT TO portal_patient, portal_radiologist
                        USING (report_id IN (SELECT r.report_id FROM public.medical_reports r))', t);
        EXECUTE format('CREATE POLICY read_all ON %s FOR SELECT TO portal_doctor USING (true)', t);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO portal_worker', t);
        EXECUTE format('CREATE POLICY score ON %s TO portal_worker USING (true) WITH CHECK (true)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['portal.image_blobs', 'portal.dicom_instances']
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO portal_patient, portal_radiologist, portal_doctor, portal_worker', t);
        EXECUTE format('CREATE POLICY with_its_image ON %s FOR SELECT TO portal_patient, portal_radiologist
                        USING (image_id IN (SELECT i.image_id FROM public.report_images i))', t);
        EXECUTE format('CREATE POLICY read_all ON %s FOR SELECT TO portal_doctor, portal_worker USING (true)', t);
        EXECUTE format('GRANT INSERT ON %s TO portal_radiologist', t);
        EXECUTE format('CREATE POLICY send_in ON %s FOR INSERT TO portal_radiologist
                        WITH CHECK (image_id IN (SELECT i.image_id FROM public.report_images i))', t);
    END LOOP;
END
$$;
GRANT INSERT ON public.report_images TO portal_radiologist;
CREATE POLICY send_in ON public.report_images FOR INSERT TO portal_radiologist
    WITH CHECK (report_id IN (SELECT r.report_id FROM public.medical_reports r));
-- An inference record is written once.
REVOKE UPDATE, DELETE ON portal.inference_records FROM portal_worker;
GRANT SELECT ON portal.inference_records TO portal_tech;
CREATE POLICY oversee ON portal.inference_records FOR SELECT TO portal_tech USING (true);

-- models --------------------------------------------------------------------------------------
GRANT SELECT ON public.ai_models, public.model_metrics TO portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT INSERT, UPDATE ON public.ai_models TO portal_tech;
GRANT INSERT ON public.model_metrics TO portal_tech, portal_worker;
CREATE POLICY read_models ON public.ai_models FOR SELECT TO portal_radiologist, portal_doctor, portal_worker USING (true);
CREATE POLICY run_models ON public.ai_models TO portal_tech USING (true) WITH CHECK (true);
CREATE POLICY read_metrics ON public.model_metrics FOR SELECT TO portal_radiologist, portal_doctor, portal_tech, portal_worker USING (true);
CREATE POLICY write_metrics ON public.model_metrics FOR INSERT TO portal_tech, portal_worker WITH CHECK (true);

-- reviews -------------------------------------------------------------------------------------
GRANT SELECT ON public.doctor_reviews TO portal_patient, portal_radiologist, portal_doctor, portal_worker;
GRANT INSERT, UPDATE, DELETE ON public.doctor_reviews TO portal_doctor;
CREATE POLICY signed_of_seen_reports ON public.doctor_reviews FOR SELECT TO portal_patient, portal_radiologist
    USING (reviewed_at IS NOT NULL AND report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY signed_and_own ON public.doctor_reviews FOR SELECT TO portal_doctor
    USING (reviewed_at IS NOT NULL OR doctor_id = (SELECT portal.actor_id()));
CREATE POLICY write_own ON public.doctor_reviews FOR INSERT TO portal_doctor
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY change_own_draft ON public.doctor_reviews FOR UPDATE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id()) AND reviewed_at IS NULL)
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY drop_own_draft ON public.doctor_reviews FOR DELETE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id()) AND reviewed_at IS NULL);
CREATE POLICY measure ON public.doctor_reviews FOR SELECT TO portal_worker USING (reviewed_at IS NOT NULL);

GRANT SELECT ON portal.review_addenda TO portal_patient, portal_radiologist, portal_doctor;
GRANT INSERT ON portal.review_addenda TO portal_doctor;
CREATE POLICY with_its_review ON portal.review_addenda FOR SELECT TO portal_patient, portal_radiologist
    USING (review_id IN (SELECT d.review_id FROM public.doctor_reviews d));
CREATE POLICY read_all ON portal.review_addenda FOR SELECT TO portal_doctor USING (true);
CREATE POLICY add_own ON portal.review_addenda FOR INSERT TO portal_doctor
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));

GRANT SELECT, INSERT ON portal.review_verdicts TO portal_doctor;
GRANT SELECT ON portal.review_verdicts TO portal_worker;
CREATE POLICY read_all ON portal.review_verdicts FOR SELECT TO portal_doctor, portal_worker USING (true);
CREATE POLICY with_own_review ON portal.review_verdicts FOR INSERT TO portal_doctor
    WITH CHECK (review_id IN (SELECT d.review_id FROM public.doctor_reviews d WHERE d.doctor_id = (SELECT portal.actor_id())));

GRANT SELECT, INSERT ON portal.first_impressions TO portal_doctor;
CREATE POLICY own_impressions ON portal.first_impressions TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id())) WITH CHECK (doctor_id = (SELECT portal.actor_id()));

GRANT SELECT, INSERT, UPDATE ON portal.report_annotations TO portal_doctor;
CREATE POLICY read_all ON portal.report_annotations FOR SELECT TO portal_doctor USING (true);
CREATE POLICY draw_own ON portal.report_annotations FOR INSERT TO portal_doctor
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY redraw_own ON portal.report_annotations FOR UPDATE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id()));

GRANT SELECT, INSERT, UPDATE, DELETE ON portal.report_claims TO portal_doctor;
GRANT SELECT, DELETE ON portal.report_claims TO portal_worker;
CREATE POLICY see_claims ON portal.report_claims FOR SELECT TO portal_doctor, portal_worker USING (true);
CREATE POLICY claim ON portal.report_claims FOR INSERT TO portal_doctor
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY take_over ON portal.report_claims FOR UPDATE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id()) OR expires_at <= portal.present())
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY let_go ON portal.report_claims FOR DELETE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY clear_claims ON portal.report_claims FOR DELETE TO portal_worker USING (true);

GRANT SELECT ON portal.report_releases TO portal_patient, portal_radiologist, portal_doctor, portal_worker;
GRANT INSERT, UPDATE ON portal.report_releases TO portal_doctor;
GRANT UPDATE ON portal.report_releases TO portal_worker;
CREATE POLICY own_releases ON portal.report_releases FOR SELECT TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()));
CREATE POLICY of_own_uploads ON portal.report_releases FOR SELECT TO portal_radiologist
    USING (report_id IN (SELECT r.report_id FROM public.medical_reports r));
CREATE POLICY release ON portal.report_releases TO portal_doctor USING (true) WITH CHECK (true);
CREATE POLICY release_when_due ON portal.report_releases TO portal_worker USING (true);

-- notifications -------------------------------------------------------------------------------
GRANT SELECT, UPDATE (is_read, read_at) ON public.notifications
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech;
GRANT INSERT ON public.notifications TO portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
CREATE POLICY own_notifications ON public.notifications FOR SELECT
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech USING (user_id = (SELECT portal.actor_id()));
CREATE POLICY read_own_notifications ON public.notifications FOR UPDATE
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech USING (user_id = (SELECT portal.actor_id()));
CREATE POLICY notify ON public.notifications FOR INSERT
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON public.notifications TO portal_worker;
CREATE POLICY deliver ON public.notifications TO portal_worker USING (true);

-- medical history -----------------------------------------------------------------------------
GRANT SELECT, INSERT, UPDATE ON public.patient_medical_history TO portal_patient, portal_doctor;
GRANT SELECT ON public.patient_medical_history TO portal_radiologist;
CREATE POLICY own_history ON public.patient_medical_history TO portal_patient
    USING (patient_id = (SELECT portal.actor_id())) WITH CHECK (patient_id = (SELECT portal.actor_id()));
CREATE POLICY keep_history ON public.patient_medical_history TO portal_doctor USING (true) WITH CHECK (true);
CREATE POLICY of_own_uploads ON public.patient_medical_history FOR SELECT TO portal_radiologist
    USING (patient_id IN (SELECT r.patient_id FROM public.medical_reports r));

-- settings ------------------------------------------------------------------------------------
GRANT SELECT ON public.system_settings
    TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT INSERT, UPDATE ON public.system_settings TO portal_tech;
CREATE POLICY read_open_settings ON public.system_settings FOR SELECT
    TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_worker USING (NOT is_sensitive);
CREATE POLICY run_settings ON public.system_settings TO portal_tech USING (true) WITH CHECK (true);

-- audit ---------------------------------------------------------------------------------------
GRANT INSERT ON public.audit_logs
    TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
CREATE POLICY append_own ON public.audit_logs FOR INSERT
    TO portal_patient, portal_radiologist, portal_doctor
    WITH CHECK (user_id = (SELECT portal.actor_id()));
-- At the command line tech acts without an account.
CREATE POLICY append_own_or_command_line ON public.audit_logs FOR INSERT TO portal_tech
    WITH CHECK (user_id IS NOT DISTINCT FROM (SELECT portal.actor_id()));
CREATE POLICY append ON public.audit_logs FOR INSERT TO portal_anonymous, portal_worker WITH CHECK (true);
GRANT SELECT ON public.audit_logs TO portal_tech;
CREATE POLICY read_trail ON public.audit_logs FOR SELECT TO portal_tech USING (true);

-- Who looked at the acting patient's record: the acts of others on it.
CREATE FUNCTION portal.accesses_to_own_record()
    RETURNS TABLE (log_id uuid, created_at timestamptz, action text, user_role text, staff_name text, report_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT a.log_id, a.created_at, a.action, a.user_role, portal.staff_name(a.user_id),
           CASE a.entity_type WHEN 'report' THEN a.entity_id END
    FROM public.audit_logs a
    WHERE a.status = 'success'
      AND a.user_id IS DISTINCT FROM portal.actor_id()
      AND ((a.entity_type = 'report'
            AND a.entity_id IN (SELECT r.report_id FROM public.medical_reports r WHERE r.patient_id = portal.actor_id()))
           OR (a.entity_type IN ('patient', 'history') AND a.entity_id = portal.actor_id()))
$$;

-- jobs and events -----------------------------------------------------------------------------
GRANT INSERT ON portal.jobs TO portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT SELECT, UPDATE ON portal.jobs TO portal_tech, portal_worker;
GRANT DELETE ON portal.jobs TO portal_worker;
CREATE POLICY queue_work ON portal.jobs FOR INSERT TO portal_radiologist, portal_doctor WITH CHECK (true);
CREATE POLICY run_jobs ON portal.jobs TO portal_tech, portal_worker USING (true) WITH CHECK (true);

GRANT INSERT ON portal.events TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
CREATE POLICY announce ON portal.events FOR INSERT
    TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker WITH CHECK (true);
GRANT SELECT, DELETE ON portal.events TO portal_worker;
CREATE POLICY dispatch ON portal.events TO portal_worker USING (true);

-- views and functions -------------------------------------------------------------------------
GRANT SELECT ON public.v_patient_reports TO portal_patient, portal_radiologist, portal_doctor, portal_worker;
GRANT SELECT ON public.v_doctor_priority_queue TO portal_doctor, portal_worker;

REVOKE ALL ON FUNCTION portal.find_image_by_digest(bytea), portal.find_report_by_study(text),
    portal.staff_name(uuid), portal.active_doctors(), portal.active_tech(), portal.accesses_to_own_record() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.find_image_by_digest(bytea), portal.find_report_by_study(text) TO portal_radiologist;
GRANT EXECUTE ON FUNCTION portal.staff_name(uuid)
    TO portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;
GRANT EXECUTE ON FUNCTION portal.active_doctors(), portal.active_tech() TO portal_radiologist, portal_worker;
GRANT EXECUTE ON FUNCTION portal.accesses_to_own_record() TO portal_patient;
