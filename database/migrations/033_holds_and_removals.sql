-- Holds that keep a record from being removed, and the removal of what is beyond its term or erased for good.

CREATE TABLE portal.legal_holds (
    hold_id     uuid PRIMARY KEY,
    patient_id  uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    reason      text NOT NULL CONSTRAINT legal_holds_reason_length CHECK (length(reason) BETWEEN 1 AND 2000),
    set_by      uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    set_at      timestamptz NOT NULL,
    lift_reason text CONSTRAINT legal_holds_lift_reason_length CHECK (length(lift_reason) BETWEEN 1 AND 2000),
    lifted_by   uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    lifted_at   timestamptz,
    CONSTRAINT legal_holds_lifted
        CHECK ((lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX idx_legal_holds_patient_id ON portal.legal_holds (patient_id);
CREATE INDEX idx_legal_holds_set_at ON portal.legal_holds (set_at DESC, hold_id DESC);
CREATE INDEX idx_legal_holds_set_by ON portal.legal_holds (set_by);
CREATE INDEX idx_legal_holds_lifted_by ON portal.legal_holds (lifted_by);

-- Erasures: asked for by one privacy officer, confirmed by another.
CREATE TABLE portal.erasures (
    erasure_id   uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    reason       text NOT NULL CONSTRAINT erasures_reason_length CHECK (length(reason) BETWEEN 1 AND 2000),
    requested_by uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    requested_at timestamptz NOT NULL,
    state        text NOT NULL CONSTRAINT erasures_state_check CHECK (state IN ('open', 'confirmed', 'withdrawn')),
    decided_by   uuid REFERENCES public.users (id) ON DELETE RESTRICT,
    decided_at   timestamptz,
    reports      integer,               -- how many were removed
    CONSTRAINT erasures_decided CHECK ((state = 'open') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT erasures_second_person CHECK (state <> 'confirmed' OR decided_by <> requested_by)
);
CREATE UNIQUE INDEX idx_erasures_one_open ON portal.erasures (patient_id) WHERE state = 'open';
CREATE INDEX idx_erasures_patient_id ON portal.erasures (patient_id);
CREATE INDEX idx_erasures_requested_at ON portal.erasures (requested_at DESC, erasure_id DESC);
CREATE INDEX idx_erasures_requested_by ON portal.erasures (requested_by);
CREATE INDEX idx_erasures_decided_by ON portal.erasures (decided_by);

-- Films that no row names any more. Each is set aside first and removed a day later, so that one which comes in again
-- in between is put back.
CREATE TABLE portal.blob_removals (
    sha256       bytea PRIMARY KEY,
    requested_at timestamptz NOT NULL,
    set_aside_at timestamptz
);
CREATE INDEX idx_blob_removals_set_aside_at ON portal.blob_removals (set_aside_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['legal_holds', 'erasures', 'blob_removals']
    LOOP
        EXECUTE format('ALTER TABLE portal.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE portal.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_maintains ON portal.%I TO portal_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE (lift_reason, lifted_by, lifted_at) ON portal.legal_holds
    TO portal_radiologist, portal_doctor, portal_tech;
GRANT SELECT ON portal.legal_holds TO portal_worker;
CREATE POLICY oversee ON portal.legal_holds FOR SELECT TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()));
CREATE POLICY set_as_officer ON portal.legal_holds FOR INSERT TO portal_radiologist, portal_doctor, portal_tech
    WITH CHECK ((SELECT portal.is_privacy_officer()) AND set_by = (SELECT portal.actor_id()) AND lifted_at IS NULL);
CREATE POLICY lift_as_officer ON portal.legal_holds FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()) AND lifted_at IS NULL)
    WITH CHECK (lifted_by = (SELECT portal.actor_id()));
CREATE POLICY respect ON portal.legal_holds FOR SELECT TO portal_worker USING (true);

GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at) ON portal.erasures TO portal_radiologist, portal_doctor, portal_tech;
CREATE POLICY oversee ON portal.erasures FOR SELECT TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()));
CREATE POLICY request_as_officer ON portal.erasures FOR INSERT TO portal_radiologist, portal_doctor, portal_tech
    WITH CHECK ((SELECT portal.is_privacy_officer()) AND requested_by = (SELECT portal.actor_id()) AND state = 'open');
-- Confirmed by the function below only.
CREATE POLICY withdraw_as_officer ON portal.erasures FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech
    USING ((SELECT portal.is_privacy_officer()) AND state = 'open')
    WITH CHECK (state = 'withdrawn' AND decided_by = (SELECT portal.actor_id()));

GRANT SELECT, UPDATE (set_aside_at), DELETE ON portal.blob_removals TO portal_worker;
CREATE POLICY remove ON portal.blob_removals TO portal_worker USING (true) WITH CHECK (true);

-- A signed review goes with its report, when that is removed by the functions here; otherwise it is final.
CREATE OR REPLACE FUNCTION portal.refuse_change_of_signed_review() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.reviewed_at IS NOT NULL
       AND NOT (TG_OP = 'DELETE' AND current_user = 'portal_owner' AND current_setting('portal.removing', true) = OLD.report_id::text) THEN
        RAISE EXCEPTION 'review % is signed and cannot be changed: add an addendum', OLD.review_id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'doctor_reviews_signed';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE FUNCTION portal.is_held(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = patient AND h.lifted_at IS NULL) $$;

-- From when on a patient's record may be erased: so many years after the last film came in. NULL: at once.
CREATE FUNCTION portal.erasable_from(patient uuid) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT max(r.upload_date) + make_interval(years => coalesce(
        (SELECT (s.setting_value #>> '{}')::integer FROM public.system_settings s WHERE s.setting_key = 'privacy.keep_reports_years'), 10))
    FROM public.medical_reports r WHERE r.patient_id = patient
$$;

-- Removes a report with everything that hangs on it, and notes the films that nothing else names. For the functions
-- below only.
CREATE FUNCTION portal.remove_report(report uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    PERFORM set_config('portal.removing', report::text, true);
    INSERT INTO portal.blob_removals (sha256, requested_at)
    SELECT DISTINCT b.sha256, portal.present()
    FROM public.report_images i JOIN portal.image_blobs b ON b.image_id = i.image_id WHERE i.report_id = report
    ON CONFLICT DO NOTHING;
    DELETE FROM portal.review_addenda a USING public.doctor_reviews d WHERE d.review_id = a.review_id AND d.report_id = report;
    DELETE FROM portal.report_releases x WHERE x.report_id = report;
    DELETE FROM public.doctor_reviews d WHERE d.report_id = report;
    DELETE FROM public.medical_reports r WHERE r.report_id = report;
    PERFORM set_config('portal.removing', '', true);
END
$$;
REVOKE ALL ON FUNCTION portal.remove_report(uuid) FROM PUBLIC;

-- Leaves of an account what refers to it: the row, under a pseudonym; the same of those whom somebody identified as this
-- patient. For the functions below only.
CREATE FUNCTION portal.pseudonymise_patient(patient uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    unknown uuid;
BEGIN
    FOR unknown IN SELECT t.patient_id FROM portal.unknown_patients t WHERE t.resolved_as = patient AND t.patient_id <> patient
    LOOP
        DELETE FROM portal.unknown_patients t WHERE t.patient_id = unknown;
        PERFORM portal.pseudonymise_patient(unknown);
    END LOOP;
    DELETE FROM portal.unknown_patients t WHERE t.patient_id = patient;
    DELETE FROM portal.history_proposals t WHERE t.patient_id = patient;
    DELETE FROM public.patient_medical_history t WHERE t.patient_id = patient;
    DELETE FROM portal.patient_identifiers t WHERE t.patient_id = patient;
    DELETE FROM portal.patient_registrations t WHERE t.patient_id = patient;
    DELETE FROM portal.correction_requests t WHERE t.patient_id = patient;
    DELETE FROM portal.consents t WHERE t.patient_id = patient;
    DELETE FROM portal.invitations t WHERE t.patient_id = patient;
    DELETE FROM public.notifications t WHERE t.user_id = patient;
    DELETE FROM public.sessions t WHERE t.user_id = patient;
    DELETE FROM portal.passkeys t WHERE t.user_id = patient;
    DELETE FROM portal.passkey_challenges t WHERE t.user_id = patient;
    DELETE FROM portal.totp t WHERE t.user_id = patient;
    DELETE FROM portal.recovery_codes t WHERE t.user_id = patient;
    DELETE FROM portal.sign_in_challenges t WHERE t.user_id = patient;
    DELETE FROM portal.account_tokens t WHERE t.user_id = patient;
    DELETE FROM portal.verified_addresses t WHERE t.user_id = patient;
    DELETE FROM portal.single_sign_on_links t WHERE t.user_id = patient;
    UPDATE public.users u
    SET name = portal.pseudonym(u.id), email = u.id || '@erased.invalid', phone = NULL, date_of_birth = NULL,
        profile_picture_url = NULL, preferences = '{}', password_hash = NULL, is_active = false
    WHERE u.id = patient AND u.role = 'patient';
END
$$;

-- Erases a patient, as the second officer says; in words what came of it.
CREATE FUNCTION portal.erase_patient(erasure uuid) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    asked portal.erasures;
    report uuid;
    removed integer := 0;
BEGIN
    IF NOT portal.is_privacy_officer() THEN
        RETURN 'not_officer';
    END IF;
    SELECT * INTO asked FROM portal.erasures x WHERE x.erasure_id = erasure AND x.state = 'open' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'closed';
    END IF;
    IF asked.requested_by = portal.actor_id() THEN
        RETURN 'second_person';
    END IF;
    -- A hold or a film that comes in meanwhile waits for the end of this.
    PERFORM FROM public.users u WHERE u.id = asked.patient_id FOR UPDATE;
    IF portal.is_held(asked.patient_id) THEN
        RETURN 'held';
    END IF;
    IF portal.erasable_from(asked.patient_id) > portal.present() THEN
        RETURN 'too_early';
    END IF;
    FOR report IN SELECT r.report_id FROM public.medical_reports r WHERE r.patient_id = asked.patient_id ORDER BY r.report_id
    LOOP
        PERFORM portal.remove_report(report);
        removed := removed + 1;
    END LOOP;
    PERFORM portal.pseudonymise_patient(asked.patient_id);
    UPDATE portal.erasures x SET state = 'confirmed', decided_by = portal.actor_id(), decided_at = portal.present(), reports = removed
    WHERE x.erasure_id = erasure;
    RETURN 'erased';
END
$$;

-- Reports that came in before a moment, and that no hold keeps: the moment is never later than the law's minimum allows.
CREATE FUNCTION portal.reports_beyond(before timestamptz) RETURNS TABLE (report_id uuid, patient_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT r.report_id, r.patient_id FROM public.medical_reports r
    WHERE r.upload_date < least(before, portal.present() - make_interval(years => coalesce(
              (SELECT (s.setting_value #>> '{}')::integer FROM public.system_settings s WHERE s.setting_key = 'privacy.keep_reports_years'), 10)))
      AND NOT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = r.patient_id AND h.lifted_at IS NULL)
    ORDER BY r.upload_date
$$;
-- Accounts of patients that nobody used since a moment, that have no reports, and that no hold keeps.
CREATE FUNCTION portal.accounts_beyond(before timestamptz) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT u.id FROM public.users u
    WHERE u.role = 'patient' AND greatest(u.created_at, u.last_login_at) < before AND u.email::text NOT LIKE '%@erased.invalid'
      AND NOT EXISTS (SELECT FROM public.medical_reports r WHERE r.patient_id = u.id)
      AND NOT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = u.id AND h.lifted_at IS NULL)
    ORDER BY u.created_at
$$;
-- Removes some of them, each looked at anew under a lock.
CREATE FUNCTION portal.remove_reports_beyond(before timestamptz, most integer) RETURNS TABLE (report_id uuid, patient_id uuid)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    FOR report_id, patient_id IN SELECT b.report_id, b.patient_id FROM portal.reports_beyond(before) b LIMIT most
    LOOP
        PERFORM FROM public.users u WHERE u.id = remove_reports_beyond.patient_id FOR UPDATE;
        IF NOT portal.is_held(remove_reports_beyond.patient_id) THEN
            PERFORM portal.remove_report(remove_reports_beyond.report_id);
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
CREATE FUNCTION portal.retire_accounts_beyond(before timestamptz, most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    account uuid;
BEGIN
    FOR account IN SELECT a FROM portal.accounts_beyond(before) a LIMIT most
    LOOP
        PERFORM FROM public.users u WHERE u.id = account FOR UPDATE;
        IF NOT portal.is_held(account)
           AND NOT EXISTS (SELECT FROM public.medical_reports r WHERE r.patient_id = account) THEN
            PERFORM portal.pseudonymise_patient(account);
            RETURN NEXT account;
        END IF;
    END LOOP;
END
$$;
-- How many there are; for tech, who sees neither.
CREATE FUNCTION portal.count_beyond(reports_before timestamptz, accounts_before timestamptz)
    RETURNS TABLE (reports bigint, accounts bigint, held bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT (SELECT count(*) FROM portal.reports_beyond(reports_before)),
           (SELECT count(*) FROM portal.accounts_beyond(accounts_before)),
           (SELECT count(DISTINCT h.patient_id) FROM portal.legal_holds h WHERE h.lifted_at IS NULL)
$$;

REVOKE ALL ON FUNCTION portal.is_held(uuid), portal.erasable_from(uuid), portal.pseudonymise_patient(uuid), portal.erase_patient(uuid),
    portal.reports_beyond(timestamptz), portal.accounts_beyond(timestamptz), portal.remove_reports_beyond(timestamptz, integer),
    portal.retire_accounts_beyond(timestamptz, integer), portal.count_beyond(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.is_held(uuid), portal.erasable_from(uuid), portal.erase_patient(uuid)
    TO portal_radiologist, portal_doctor, portal_tech;
GRANT EXECUTE ON FUNCTION portal.remove_reports_beyond(timestamptz, integer), portal.retire_accounts_beyond(timestamptz, integer)
    TO portal_worker;
GRANT EXECUTE ON FUNCTION portal.count_beyond(timestamptz, timestamptz) TO portal_tech;
