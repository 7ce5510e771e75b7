-- The whole schema, for reading and for `psql -f` into an empty database. Generated from
-- database/migrations by `make schema`; do not edit.

-- Roles of the portal. They belong to the server, not to one database, so this runs before the
-- migrations and may run again at any time. Needs CREATEROLE (or a superuser).
--
--   portal_owner        owns every object; migrations run as this role; cannot log in
--   portal_login        the only role that the running portal logs in as; NOINHERIT and without
--                       grants of its own, so a query outside an actor's transaction sees nothing
--   portal_anonymous    before sign-in: looks an account up, opens sessions, signs patients up
--   portal_patient, portal_radiologist, portal_doctor, portal_tech   the four kinds of actor
--   portal_emergency    reads the one record that was opened in an emergency, and writes nothing but the trail
--   portal_worker       the machinery: jobs, analysis, release, retention
DO $$
DECLARE
    wanted text;
BEGIN
    PERFORM pg_advisory_xact_lock(7286510);
    FOREACH wanted IN ARRAY ARRAY['portal_owner', 'portal_anonymous', 'portal_patient',
        'portal_radiologist', 'portal_doctor', 'portal_tech', 'portal_emergency', 'portal_worker']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
        END IF;
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_login') THEN
        CREATE ROLE portal_login LOGIN NOINHERIT;
    END IF;
    FOREACH wanted IN ARRAY ARRAY['portal_anonymous', 'portal_patient', 'portal_radiologist',
        'portal_doctor', 'portal_tech', 'portal_emergency', 'portal_worker']
    LOOP
        IF NOT pg_has_role('portal_login', wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO portal_login', wanted);
        END IF;
    END LOOP;
    -- Whoever runs this must be able to act as the owner and, with no login of its own for the
    -- portal, as portal_login. A superuser can anyway.
    FOREACH wanted IN ARRAY ARRAY['portal_owner', 'portal_login']
    LOOP
        IF NOT pg_has_role(session_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, session_user);
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO portal_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portal_login', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE, CREATE ON SCHEMA public TO portal_owner;
    GRANT USAGE ON SCHEMA public
        TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_emergency, portal_worker;
END
$$;


SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: portal; Type: SCHEMA; Schema: -; Owner: portal_owner

CREATE SCHEMA portal;

ALTER SCHEMA portal OWNER TO portal_owner;

-- Name: citext; Type: EXTENSION; Schema: -; Owner: -

CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA portal;

-- Name: EXTENSION citext; Type: COMMENT; Schema: -; Owner: 

COMMENT ON EXTENSION citext IS 'data type for case-insensitive character strings';

-- Name: accesses_to_own_record(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.accesses_to_own_record() RETURNS TABLE(log_id uuid, created_at timestamp with time zone, action text, user_role text, staff_name text, report_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.accesses_to_own_record() OWNER TO portal_owner;

-- Name: accesses_to_record(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.accesses_to_record(patient uuid) RETURNS TABLE(log_id uuid, created_at timestamp with time zone, action text, user_role text, staff_name text, report_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT a.log_id, a.created_at, a.action, a.user_role, portal.staff_name(a.user_id),
           CASE a.entity_type WHEN 'report' THEN a.entity_id END
    FROM public.audit_logs a
    WHERE a.status = 'success' AND a.user_id IS DISTINCT FROM patient
      AND ((a.entity_type = 'report'
            AND a.entity_id IN (SELECT r.report_id FROM public.medical_reports r WHERE r.patient_id = patient))
           OR (a.entity_type IN ('patient', 'history') AND a.entity_id = patient))
$$;

ALTER FUNCTION portal.accesses_to_record(patient uuid) OWNER TO portal_owner;

-- Name: account_at(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.account_at(address text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT u.id FROM public.users u WHERE u.email = address::portal.citext $$;

ALTER FUNCTION portal.account_at(address text) OWNER TO portal_owner;

-- Name: account_of(text, text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.account_of(kind text, given text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT CASE kind
        WHEN 'address' THEN (SELECT u.id FROM public.users u WHERE u.email = given::portal.citext)
        WHEN 'challenge' THEN (SELECT c.user_id FROM portal.sign_in_challenges c WHERE c.challenge = given)
        WHEN 'code' THEN (SELECT t.user_id FROM portal.account_tokens t WHERE t.token = given)
        WHEN 'invitation' THEN (SELECT v.patient_id FROM portal.invitations v WHERE v.code = given)
        WHEN 'passkey' THEN (SELECT p.user_id FROM portal.passkeys p WHERE p.credential_id = decode(given, 'hex'))
    END
$$;

ALTER FUNCTION portal.account_of(kind text, given text) OWNER TO portal_owner;

-- Name: accounts_beyond(timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.accounts_beyond(before timestamp with time zone) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT u.id FROM public.users u
    WHERE u.role = 'patient' AND greatest(u.created_at, u.last_login_at) < before AND u.email::text NOT LIKE '%@erased.invalid'
      AND NOT EXISTS (SELECT FROM public.medical_reports r WHERE r.patient_id = u.id)
      AND NOT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = u.id AND h.lifted_at IS NULL)
    ORDER BY u.created_at
$$;

ALTER FUNCTION portal.accounts_beyond(before timestamp with time zone) OWNER TO portal_owner;

-- Name: active_doctors(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.active_doctors() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'doctor' AND u.is_active AND NOT portal.is_program(u.email::text) $$;

ALTER FUNCTION portal.active_doctors() OWNER TO portal_owner;

-- Name: active_tech(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.active_tech() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'tech' AND u.is_active AND NOT portal.is_program(u.email::text) $$;

ALTER FUNCTION portal.active_tech() OWNER TO portal_owner;

-- Name: actor_id(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.actor_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.actor_id', true), '')::uuid $$;

ALTER FUNCTION portal.actor_id() OWNER TO portal_owner;

-- Name: announce_event(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.announce_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('portal_events', NEW.event_id::text);
    RETURN NULL;
END
$$;

ALTER FUNCTION portal.announce_event() OWNER TO portal_owner;

-- Name: carry_out_promotion(uuid, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.carry_out_promotion(promotion uuid, at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.carry_out_promotion(promotion uuid, at timestamp with time zone) OWNER TO portal_owner;

-- Name: change_patient_account(uuid, boolean, text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.change_patient_account(patient uuid, active boolean, hash text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    UPDATE public.users u SET is_active = coalesce(active, u.is_active), password_hash = coalesce(hash, u.password_hash)
    WHERE u.id = patient AND u.role = 'patient' RETURNING true
$$;

ALTER FUNCTION portal.change_patient_account(patient uuid, active boolean, hash text) OWNER TO portal_owner;

-- Name: colleagues(uuid[]); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.colleagues(wanted uuid[]) RETURNS TABLE(id uuid, name text, role text, is_active boolean, updated_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT u.id, u.name, u.role, u.is_active, u.updated_at
    FROM public.users u
    WHERE u.role IN ('radiologist', 'doctor') AND u.email::text NOT LIKE '%@services.invalid'
      AND (wanted IS NULL OR u.id = ANY (wanted))
$$;

ALTER FUNCTION portal.colleagues(wanted uuid[]) OWNER TO portal_owner;

-- Name: content_digest(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.content_digest(report uuid) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'portal'
    SET "TimeZone" TO 'UTC'
    AS $$
BEGIN
    RETURN (
    SELECT sha256(convert_to(jsonb_build_array(
        1,
        jsonb_build_array(r.report_id, r.patient_id, r.radiologist_id, r.patient_name, r.radiologist_name, r.study_type,
            r.study_uid, r.report_image_url, r.image_metadata, r.risk_score, r.confidence_score, r.findings,
            r.recommendations, r.upload_date, r.analysis_date, r.status, r.patient_age, r.patient_gender,
            r.medical_history, r.symptoms, r.created_at, r.created_by),
        (SELECT jsonb_agg(jsonb_build_array(i.image_id, i.image_url, i.image_type, i.image_format, i.width, i.height,
            i.file_size, i.dicom_metadata, i.uploaded_at) ORDER BY i.image_id)
         FROM public.report_images i WHERE i.report_id = r.report_id),
        (SELECT jsonb_build_array(a.analysis_id, a.model_id, a.risk_category, a.risk_probability, a.low_probability,
            a.medium_probability, a.high_probability, a.findings, a.processed_at, a.confidence_threshold,
            a.model_version)
         FROM public.ai_analysis a WHERE a.report_id = r.report_id),
        (SELECT jsonb_agg(jsonb_build_array(d.review_id, d.doctor_id, d.review_notes, d.clinical_findings,
            d.confirmed_ai_diagnosis, d.ai_accuracy_rating, d.doctor_risk_assessment, d.urgency_level,
            d.recommended_action, d.follow_up_required, d.follow_up_date, d.treatment_plan, d.medication_prescribed,
            d.reviewed_at) ORDER BY d.review_id)
         FROM public.doctor_reviews d WHERE d.report_id = r.report_id AND d.reviewed_at IS NOT NULL)
    )::text, 'UTF8'))
    FROM public.medical_reports r WHERE r.report_id = report);
END
$$;

ALTER FUNCTION portal.content_digest(report uuid) OWNER TO portal_owner;

-- Name: content_faults(timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.content_faults(since timestamp with time zone) RETURNS TABLE(report_id uuid, fault text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    WITH noted AS (
        SELECT DISTINCT ON (new_values ->> 'report_id') (new_values ->> 'report_id')::uuid AS report,
               new_values ->> 'sha256' AS digest,
               bool_or(new_values ->> 'role' IS NULL) OVER (PARTITION BY new_values ->> 'report_id') AS by_nobody
        FROM public.audit_logs WHERE action = 'note_content' AND created_at >= since
        ORDER BY new_values ->> 'report_id', (new_values ->> 'number')::bigint DESC
    )
    SELECT n.report, CASE WHEN r.report_id IS NULL THEN 'gone' WHEN n.digest IS NULL THEN 'put in' ELSE 'altered' END
    FROM noted n LEFT JOIN public.medical_reports r ON r.report_id = n.report
    WHERE n.by_nobody OR encode(portal.content_digest(n.report), 'hex') IS DISTINCT FROM n.digest
    UNION ALL
    SELECT r.report_id, 'put in' FROM public.medical_reports r
    WHERE r.created_at >= greatest(since, (SELECT min(created_at) FROM public.audit_logs WHERE action = 'note_content'))
      AND NOT EXISTS (SELECT FROM noted n WHERE n.report = r.report_id)
    ORDER BY 1
    $$;

ALTER FUNCTION portal.content_faults(since timestamp with time zone) OWNER TO portal_owner;

-- Name: correct_patient_address(uuid, portal.citext); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    UPDATE public.users SET email = address WHERE id = patient AND role = 'patient' AND password_hash IS NULL RETURNING true
$$;

ALTER FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) OWNER TO portal_owner;

-- Name: count_beyond(timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.count_beyond(reports_before timestamp with time zone, accounts_before timestamp with time zone) RETURNS TABLE(reports bigint, accounts bigint, held bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT (SELECT count(*) FROM portal.reports_beyond(reports_before)),
           (SELECT count(*) FROM portal.accounts_beyond(accounts_before)),
           (SELECT count(DISTINCT h.patient_id) FROM portal.legal_holds h WHERE h.lifted_at IS NULL)
$$;

ALTER FUNCTION portal.count_beyond(reports_before timestamp with time zone, accounts_before timestamp with time zone) OWNER TO portal_owner;

-- Name: create_audit_partition(date); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.create_audit_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
DECLARE
    first_day date := date_trunc('month', month);
    next_month date := first_day + interval '1 month';
    name text := 'audit_logs_' || to_char(first_day, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(7286511);
    IF to_regclass('portal.' || name) IS NULL
        AND NOT EXISTS (SELECT FROM portal.audit_logs_default d
                        WHERE d.created_at >= first_day::timestamp AT TIME ZONE 'UTC'
                          AND d.created_at < next_month::timestamp AT TIME ZONE 'UTC')
    THEN
        EXECUTE format(
            'CREATE TABLE portal.%I PARTITION OF public.audit_logs FOR VALUES FROM (%L) TO (%L)',
            name, first_day::timestamp AT TIME ZONE 'UTC',
            next_month::timestamp AT TIME ZONE 'UTC');
    END IF;
END
$$;

ALTER FUNCTION portal.create_audit_partition(month date) OWNER TO portal_owner;

-- Name: dicom_date(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_date(given text) RETURNS date
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
BEGIN
    IF given ~ '^[0-9]{4}\.?[0-9]{2}\.?[0-9]{2}$' THEN
        RETURN to_date(replace(given, '.', ''), 'YYYYMMDD');
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END
$_$;

ALTER FUNCTION portal.dicom_date(given text) OWNER TO portal_owner;

-- Name: dicom_destination(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_destination(title text) RETURNS TABLE(host text, port integer, over_tls boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT p.host, p.port, p.over_tls FROM portal.dicom_peers p WHERE p.ae_title = title AND p.host IS NOT NULL
$$;

ALTER FUNCTION portal.dicom_destination(title text) OWNER TO portal_owner;

-- Name: dicom_peer_of(text, inet, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamp with time zone) RETURNS TABLE(user_id uuid, role text, is_archive boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    UPDATE portal.dicom_peers p SET last_seen_at = present
        WHERE p.ae_title = title AND (p.last_seen_at IS NULL OR present - p.last_seen_at > interval '1 minute')
          AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
    RETURN QUERY SELECT p.user_id, u.role::text, EXISTS (SELECT FROM portal.dicom_archives x WHERE x.ae_title = p.ae_title)
        FROM portal.dicom_peers p JOIN public.users u ON u.id = p.user_id
        WHERE p.ae_title = title AND u.is_active AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
END
$$;

ALTER FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamp with time zone) OWNER TO portal_owner;

-- Name: dicom_result_routes_of(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_result_routes_of(report uuid) RETURNS TABLE(destination text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT DISTINCT r.destination
    FROM portal.dicom_result_routes r
    JOIN portal.dicom_peers p ON p.ae_title = r.destination AND p.host IS NOT NULL
    LEFT JOIN portal.dicom_peers s ON s.ae_title = r.sender
    JOIN public.medical_reports m ON m.report_id = report
    WHERE (r.sender IS NULL OR s.user_id = m.radiologist_id)
      AND (r.modality IS NULL AND r.body_part IS NULL
           OR EXISTS (SELECT FROM public.report_images i JOIN portal.dicom_instances d USING (image_id)
                      WHERE i.report_id = report
                        AND (r.modality IS NULL OR r.modality = d.modality)
                        AND (r.body_part IS NULL OR r.body_part = d.body_part)))
$$;

ALTER FUNCTION portal.dicom_result_routes_of(report uuid) OWNER TO portal_owner;

-- Name: dicom_routes_of(uuid[]); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_routes_of(images uuid[]) RETURNS TABLE(image_id uuid, destination text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT DISTINCT d.image_id, r.destination
    FROM portal.dicom_routes r
    JOIN portal.dicom_peers p ON p.ae_title = r.destination AND p.host IS NOT NULL
    LEFT JOIN portal.dicom_peers s ON s.ae_title = r.sender
    JOIN portal.dicom_instances d ON d.image_id = ANY (images)
    WHERE p.user_id IS DISTINCT FROM portal.actor_id()
      AND (r.modality IS NULL OR r.modality = d.modality)
      AND (r.body_part IS NULL OR r.body_part = d.body_part)
      AND (r.sender IS NULL OR s.user_id = portal.actor_id());
END
$$;

ALTER FUNCTION portal.dicom_routes_of(images uuid[]) OWNER TO portal_owner;

-- Name: dicom_text(jsonb, text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_text(header jsonb, tag text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    value jsonb := header->tag->'Value'->0;
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN nullif(left(CASE jsonb_typeof(value)
        WHEN 'object' THEN rtrim(concat_ws('=', rtrim(coalesce(value->>'Alphabetic', ''), '^'),
                                 coalesce(value->>'Ideographic', ''), coalesce(value->>'Phonetic', '')), '=')
        ELSE value #>> '{}' END, 324), '');
END
$$;

ALTER FUNCTION portal.dicom_text(header jsonb, tag text) OWNER TO portal_owner;

-- Name: dicom_time(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.dicom_time(given text) RETURNS time without time zone
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
BEGIN
    IF replace(given, ':', '') ~ '^[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?$' THEN
        RETURN (rpad(left(replace(given, ':', ''), 6), 6, '0') || substr(replace(given, ':', ''), 7))::time;
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
    RETURN NULL;
END
$_$;

ALTER FUNCTION portal.dicom_time(given text) OWNER TO portal_owner;

-- Name: emergency_patient(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.emergency_patient() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT e.patient_id FROM portal.emergency_accesses e
    WHERE e.access_id = nullif(current_setting('portal.emergency_access', true), '')::uuid
      AND e.user_id = portal.actor_id() AND e.ended_at IS NULL
      AND e.opened_at <= portal.present() AND e.ends_at > portal.present()
$$;

ALTER FUNCTION portal.emergency_patient() OWNER TO portal_owner;

-- Name: erasable_from(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.erasable_from(patient uuid) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT max(r.upload_date) + make_interval(years => coalesce(
        (SELECT (s.setting_value #>> '{}')::integer FROM public.system_settings s WHERE s.setting_key = 'privacy.keep_reports_years'), 10))
    FROM public.medical_reports r WHERE r.patient_id = patient
$$;

ALTER FUNCTION portal.erasable_from(patient uuid) OWNER TO portal_owner;

-- Name: erase_patient(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.erase_patient(erasure uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.erase_patient(erasure uuid) OWNER TO portal_owner;

-- Name: find_image_by_digest(bytea); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.find_image_by_digest(digest bytea) RETURNS TABLE(report_id uuid, patient_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.report_id, r.patient_id, r.status::text
    FROM portal.image_blobs b
    JOIN public.report_images i USING (image_id)
    JOIN public.medical_reports r USING (report_id)
    WHERE b.sha256 = digest;
END
$$;

ALTER FUNCTION portal.find_image_by_digest(digest bytea) OWNER TO portal_owner;

-- Name: find_report_by_study(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.find_report_by_study(uid text) RETURNS TABLE(report_id uuid, patient_id uuid, radiologist_id uuid, status text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.report_id, r.patient_id, r.radiologist_id, r.status::text
    FROM public.medical_reports r
    WHERE r.study_uid = uid;
END
$$;

ALTER FUNCTION portal.find_report_by_study(uid text) OWNER TO portal_owner;

-- Name: forget_passkey_challenges_not_answered(timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.forget_passkey_challenges_not_answered(present timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ DELETE FROM portal.passkey_challenges c WHERE c.expires_at <= present $$;

ALTER FUNCTION portal.forget_passkey_challenges_not_answered(present timestamp with time zone) OWNER TO portal_owner;

-- Name: forget_sign_ins_given_up(timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.forget_sign_ins_given_up(present timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ DELETE FROM portal.sign_in_challenges c WHERE c.expires_at <= present $$;

ALTER FUNCTION portal.forget_sign_ins_given_up(present timestamp with time zone) OWNER TO portal_owner;

-- Name: hand_password_code_over(uuid, text, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.hand_password_code_over(account uuid, digest text, until timestamp with time zone) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    INSERT INTO portal.account_tokens (user_id, purpose, token, address, created_at, expires_at)
    SELECT u.id, 'reset_password', digest, u.email, portal.present(), until FROM public.users u WHERE u.id = account
    ON CONFLICT (user_id, purpose) DO UPDATE
        SET token = excluded.token, address = excluded.address, created_at = excluded.created_at, expires_at = excluded.expires_at
    RETURNING true
$$;

ALTER FUNCTION portal.hand_password_code_over(account uuid, digest text, until timestamp with time zone) OWNER TO portal_owner;

-- Name: has_fhir_subscriptions(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.has_fhir_subscriptions() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT EXISTS (SELECT FROM portal.fhir_subscriptions) $$;

ALTER FUNCTION portal.has_fhir_subscriptions() OWNER TO portal_owner;

-- Name: has_hl7_receivers(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.has_hl7_receivers() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT EXISTS (SELECT FROM portal.hl7_receivers) $$;

ALTER FUNCTION portal.has_hl7_receivers() OWNER TO portal_owner;

-- Name: hl7_sender_of(text, inet, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.hl7_sender_of(sender text, peer inet, present timestamp with time zone) RETURNS TABLE(user_id uuid, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    UPDATE portal.hl7_senders s SET last_seen_at = present
        WHERE s.application = sender AND (s.last_seen_at IS NULL OR present - s.last_seen_at > interval '1 minute')
          AND EXISTS (SELECT FROM unnest(s.addresses) a WHERE peer <<= a);
    RETURN QUERY SELECT s.user_id, u.role::text
        FROM portal.hl7_senders s JOIN public.users u ON u.id = s.user_id
        WHERE s.application = sender AND u.is_active AND EXISTS (SELECT FROM unnest(s.addresses) a WHERE peer <<= a);
END
$$;

ALTER FUNCTION portal.hl7_sender_of(sender text, peer inet, present timestamp with time zone) OWNER TO portal_owner;

-- Name: index_dicom_instance(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.index_dicom_instance(image uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
DECLARE
    d record;
    h jsonb;
    step jsonb;
BEGIN
    SELECT i.report_id, x.study_uid, x.series_uid, x.modality, x.series_number, x.body_part,
           (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}')
            FROM jsonb_each(CASE jsonb_typeof(coalesce(w.dicom_metadata, i.dicom_metadata))
                            WHEN 'object' THEN coalesce(w.dicom_metadata, i.dicom_metadata) ELSE '{}' END) e
            WHERE e.key IN ('00080020', '00080030', '00080050', '00080090', '00080201', '00081030', '0008103E', '00100010',
                            '00100020', '00100021', '00100030', '00100040', '00200010', '00200060', '00200062', '00400244',
                            '00400245', '00400275')) AS header
    INTO d
    FROM portal.dicom_instances x JOIN public.report_images i USING (image_id)
         LEFT JOIN portal.wrapped_pictures w USING (image_id)
    WHERE x.image_id = image AND x.study_uid <> '';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    h := d.header;
    INSERT INTO portal.dicom_studies (report_id, study_uid, study_date, study_time, accession_number, study_id,
        study_description, referring_physician, patient_name, patient_number, issuer, patient_birth_date, patient_sex, timezone)
    VALUES (d.report_id, d.study_uid, portal.dicom_date(portal.dicom_text(h, '00080020')), portal.dicom_time(portal.dicom_text(h, '00080030')),
           portal.dicom_text(h, '00080050'), portal.dicom_text(h, '00200010'), portal.dicom_text(h, '00081030'),
           portal.dicom_text(h, '00080090'), portal.dicom_text(h, '00100010'), portal.dicom_text(h, '00100020'),
           portal.dicom_text(h, '00100021'), portal.dicom_date(portal.dicom_text(h, '00100030')),
           portal.dicom_text(h, '00100040'), portal.dicom_text(h, '00080201'))
    ON CONFLICT (report_id) DO NOTHING;
    IF d.series_uid <> '' THEN
        step := h->'00400275'->'Value'->0;
        INSERT INTO portal.dicom_series (report_id, series_uid, study_uid, modality, series_number, series_description, body_part,
            laterality, performed_date, performed_time, scheduled_step_id, requested_procedure_id)
        VALUES (d.report_id, d.series_uid, d.study_uid, d.modality, d.series_number, portal.dicom_text(h, '0008103E'),
               d.body_part, coalesce(portal.dicom_text(h, '00200060'), portal.dicom_text(h, '00200062')),
               portal.dicom_date(portal.dicom_text(h, '00400244')), portal.dicom_time(portal.dicom_text(h, '00400245')),
               portal.dicom_text(step, '00400009'), portal.dicom_text(step, '00401001'))
        ON CONFLICT (report_id, series_uid) DO NOTHING;
    END IF;
END
$$;

ALTER FUNCTION portal.index_dicom_instance(image uuid) OWNER TO portal_owner;

-- Name: index_new_dicom_instance(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.index_new_dicom_instance() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    PERFORM portal.index_dicom_instance(NEW.image_id);
    RETURN NULL;
END
$$;

ALTER FUNCTION portal.index_new_dicom_instance() OWNER TO portal_owner;

-- Name: is_clinical_correction(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_clinical_correction(subject text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT subject IN ('report_assignment', 'history', 'report_text') $$;

ALTER FUNCTION portal.is_clinical_correction(subject text) OWNER TO portal_owner;

-- Name: is_held(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_held(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = patient AND h.lifted_at IS NULL) $$;

ALTER FUNCTION portal.is_held(patient uuid) OWNER TO portal_owner;

-- Name: is_hl7_sender(inet); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_hl7_sender(peer inet) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT EXISTS (SELECT FROM portal.hl7_senders s, unnest(s.addresses) a WHERE peer <<= a) $$;

ALTER FUNCTION portal.is_hl7_sender(peer inet) OWNER TO portal_owner;

-- Name: is_patient_for_officer(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_patient_for_officer(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT portal.is_privacy_officer() AND EXISTS (SELECT FROM public.users u WHERE u.id = patient AND u.role = 'patient') $$;

ALTER FUNCTION portal.is_patient_for_officer(patient uuid) OWNER TO portal_owner;

-- Name: is_privacy_officer(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_privacy_officer() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT EXISTS (SELECT FROM public.users u WHERE u.id = portal.actor_id() AND portal.is_privacy_officer(u)) $$;

ALTER FUNCTION portal.is_privacy_officer() OWNER TO portal_owner;

SET default_table_access_method = heap;

-- Name: users; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.users (
    id uuid NOT NULL,
    email portal.citext NOT NULL,
    password_hash text,
    role text NOT NULL,
    name text NOT NULL,
    phone text,
    date_of_birth date,
    profile_picture_url text,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    last_login_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_email_length CHECK (((length((email)::text) >= 3) AND (length((email)::text) <= 254))),
    CONSTRAINT users_name_length CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT users_preferences_object CHECK ((jsonb_typeof(preferences) = 'object'::text)),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['patient'::text, 'radiologist'::text, 'doctor'::text, 'tech'::text])))
);

ALTER TABLE ONLY public.users FORCE ROW LEVEL SECURITY;

ALTER TABLE public.users OWNER TO portal_owner;

-- Name: is_privacy_officer(public.users); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_privacy_officer(staff public.users) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT staff.is_active AND staff.role <> 'patient'
       AND coalesce((SELECT s.setting_value ? staff.id::text FROM public.system_settings s
                     WHERE s.setting_key = 'privacy.officers' AND jsonb_typeof(s.setting_value) = 'array'
                       AND jsonb_array_length(s.setting_value) > 0),
                    staff.role = 'tech' AND NOT portal.is_program(staff.email::text))
$$;

ALTER FUNCTION portal.is_privacy_officer(staff public.users) OWNER TO portal_owner;

-- Name: is_program(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.is_program(email text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT coalesce(email, '') LIKE '%@services.invalid' $$;

ALTER FUNCTION portal.is_program(email text) OWNER TO portal_owner;

-- Name: keepers_of_own_history(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.keepers_of_own_history() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    WITH readers AS (
        SELECT DISTINCT d.doctor_id AS id
        FROM public.doctor_reviews d
        JOIN public.medical_reports r USING (report_id)
        JOIN public.users u ON u.id = d.doctor_id AND u.is_active AND u.role = 'doctor'
        WHERE r.patient_id = portal.actor_id() AND d.reviewed_at IS NOT NULL
    )
    SELECT id FROM readers
    UNION
    SELECT u.id FROM public.users u WHERE u.role = 'doctor' AND u.is_active AND NOT EXISTS (SELECT FROM readers)
    UNION
    SELECT u.id FROM portal.patient_registrations g JOIN public.users u ON u.id = g.registered_by
    WHERE g.patient_id = portal.actor_id() AND u.is_active AND u.role IN ('radiologist', 'doctor')
$$;

ALTER FUNCTION portal.keepers_of_own_history() OWNER TO portal_owner;

-- Name: maximum_wait(integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.maximum_wait(class integer) RETURNS interval
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(
        (SELECT (s.setting_value ->> (ARRAY['high', 'unscored', 'medium', 'low'])[class])::integer
         FROM public.system_settings s
         WHERE s.setting_key = 'queue.maximum_wait_minutes'),
        (ARRAY[60, 240, 480, 1440])[class]) * interval '1 minute'
$$;

ALTER FUNCTION portal.maximum_wait(class integer) OWNER TO portal_owner;

-- Name: note_content(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.note_content() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
DECLARE
    report uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.report_id ELSE NEW.report_id END;
    noted text := coalesce(current_setting('portal.noted_contents', true), '');
    present timestamptz := portal.present();
BEGIN
    IF position(report::text IN noted) > 0 THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('portal.noted_contents', noted || report || ' ', true);
    -- Whoever changes the same case at the same time notes it after this transaction, with both changes.
    PERFORM FROM public.medical_reports WHERE report_id = report FOR NO KEY UPDATE;
    INSERT INTO public.audit_logs (log_id, action, entity_type, new_values, status, created_at)
    VALUES (
        -- A UUID of version 7 (RFC 9562).
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
            substring(int8send((extract(epoch FROM present) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
        'note_content', 'content',
        jsonb_build_object('report_id', report, 'number', nextval('portal.content_notes'),
                           'sha256', encode(portal.content_digest(report), 'hex'),
                           -- Nobody, where it was not the portal: that hands in its clock and takes on a role.
                           'role', CASE WHEN current_setting('portal.present', true) <> ''
                                        THEN nullif(current_setting('role'), 'none') END),
        'success', present);
    RETURN NULL;
END
$$;

ALTER FUNCTION portal.note_content() OWNER TO portal_owner;

-- Name: note_program_use(text, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.note_program_use(digest text, present timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ UPDATE portal.program_tokens t SET last_used_at = present WHERE t.token = digest $$;

ALTER FUNCTION portal.note_program_use(digest text, present timestamp with time zone) OWNER TO portal_owner;

-- Name: note_refused_study(text, text, inet, text, jsonb); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    INSERT INTO public.audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                   new_values, status, error_message, created_at)
    SELECT gen_random_uuid(), portal.actor_id(), as_role, 'refuse', 'report', s.report_id, address, agent, request, 'denied',
           'it is there, and not for this user to see', portal.present()
    FROM portal.dicom_studies s WHERE s.study_uid = uid
$$;

ALTER FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) OWNER TO portal_owner;

-- Name: note_refused_things(text[], uuid[], text, inet, text, jsonb); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    INSERT INTO public.audit_logs (log_id, user_id, user_role, action, entity_type, entity_id, ip_address, user_agent,
                                   new_values, status, error_message, created_at)
    SELECT DISTINCT ON (found.entity_type, found.entity_id) gen_random_uuid(), portal.actor_id(), as_role, 'refuse',
           found.entity_type, found.entity_id, address, agent, request, 'denied',
           'it is there, and not for this user to see', portal.present()
    FROM unnest(kinds, things) asked (kind, thing)
    CROSS JOIN LATERAL (
        SELECT 'report' AS entity_type, t.report_id AS entity_id FROM public.medical_reports t WHERE kind = 'report' AND t.report_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.report_images t WHERE kind = 'image' AND t.image_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.ai_analysis t WHERE kind = 'analysis' AND t.analysis_id = thing
        UNION ALL SELECT 'report', t.report_id FROM public.doctor_reviews t WHERE kind = 'review' AND t.review_id = thing
        UNION ALL SELECT CASE t.role WHEN 'patient' THEN 'patient' ELSE 'user' END, t.id FROM public.users t WHERE kind = 'user' AND t.id = thing
        UNION ALL SELECT 'session', t.session_id FROM public.sessions t WHERE kind = 'session' AND t.session_id = thing
        UNION ALL SELECT 'notification', t.notification_id FROM public.notifications t WHERE kind = 'notification' AND t.notification_id = thing
        UNION ALL SELECT 'history', t.patient_id FROM portal.history_proposals t WHERE kind = 'proposal' AND t.proposal_id = thing
        UNION ALL SELECT 'user', t.user_id FROM portal.passkeys t WHERE kind = 'passkey' AND t.passkey_id = thing
        UNION ALL SELECT 'upload', t.upload_id FROM portal.uploads t WHERE kind = 'upload' AND t.upload_id = thing
        UNION ALL SELECT 'history', t.id FROM public.users t WHERE kind = 'history' AND t.id = thing AND t.role = 'patient'
        UNION ALL SELECT 'patient', t.patient_id FROM portal.correction_requests t WHERE kind = 'correction' AND t.correction_id = thing
        UNION ALL SELECT 'emergency', t.access_id FROM portal.emergency_accesses t WHERE kind = 'emergency' AND t.access_id = thing
    ) found
$$;

ALTER FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) OWNER TO portal_owner;

-- Name: overdue_before(integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.overdue_before(class integer) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$ SELECT portal.present() - portal.maximum_wait(class) $$;

ALTER FUNCTION portal.overdue_before(class integer) OWNER TO portal_owner;

-- Name: patient_called(text, text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.patient_called(kind text, given text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT u.id FROM public.users u
    WHERE u.role = 'patient' AND CASE kind
        WHEN 'patient_id' THEN u.id::text = given
        WHEN 'email' THEN u.email = given::portal.citext
        WHEN 'identifier' THEN u.id IN (SELECT i.patient_id FROM portal.patient_identifiers i WHERE i.identifier = given)
        ELSE false
    END
    ORDER BY u.created_at LIMIT 1
$$;

ALTER FUNCTION portal.patient_called(kind text, given text) OWNER TO portal_owner;

-- Name: patient_has_password(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.patient_has_password(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT u.password_hash IS NOT NULL FROM public.users u WHERE u.id = patient AND u.role = 'patient' $$;

ALTER FUNCTION portal.patient_has_password(patient uuid) OWNER TO portal_owner;

-- Name: personal_data(uuid, text, timestamp with time zone, uuid, integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) RETURNS TABLE(at timestamp with time zone, id uuid, item jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'portal'
    SET "TimeZone" TO 'UTC'
    AS $$
#variable_conflict use_column
BEGIN
    CASE section
    WHEN 'account' THEN RETURN QUERY
        SELECT u.created_at, u.id, jsonb_build_object('user_id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone,
            'date_of_birth', u.date_of_birth, 'role', u.role, 'preferences', u.preferences, 'is_active', u.is_active,
            'last_login_at', u.last_login_at, 'created_at', u.created_at, 'updated_at', u.updated_at)
        FROM public.users u WHERE u.id = patient AND u.role = 'patient' AND after_id IS NULL;
    WHEN 'identifiers' THEN RETURN QUERY
        SELECT p.created_at, patient, jsonb_build_object('identifier', p.identifier, 'issuer', p.issuer, 'gender', p.gender,
            'created_at', p.created_at)
        FROM portal.patient_identifiers p WHERE p.patient_id = patient AND after_id IS NULL ORDER BY 1;
    WHEN 'history' THEN RETURN QUERY
        SELECT h.created_at, h.history_id, to_jsonb(h) - 'updated_by' - 'patient_id'
        FROM public.patient_medical_history h WHERE h.patient_id = patient AND after_id IS NULL;
    WHEN 'history_proposals' THEN RETURN QUERY
        SELECT p.proposed_at, p.proposal_id, to_jsonb(p) - 'decided_by' - 'patient_id'
            || jsonb_build_object('decided_by_name', portal.staff_name(p.decided_by))
        FROM portal.history_proposals p
        WHERE p.patient_id = patient AND (after_id IS NULL OR (p.proposed_at, p.proposal_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'orders' THEN RETURN QUERY
        SELECT o.created_at, o.order_id, to_jsonb(o) - 'patient_id' - 'made_by' || jsonb_build_object('made_by_name', portal.staff_name(o.made_by))
        FROM portal.orders o
        WHERE o.patient_id = patient AND (after_id IS NULL OR (o.created_at, o.order_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'reports' THEN RETURN QUERY
        SELECT r.created_at, r.report_id, jsonb_build_object('report_id', r.report_id, 'study_type', r.study_type,
            'study_uid', r.study_uid, 'patient_name', r.patient_name, 'patient_age', r.patient_age, 'patient_gender', r.patient_gender,
            'status', r.status, 'risk_score', r.risk_score, 'confidence_score', r.confidence_score, 'findings', r.findings,
            'recommendations', r.recommendations, 'symptoms', r.symptoms, 'medical_history', r.medical_history,
            'image_metadata', r.image_metadata, 'upload_date', r.upload_date, 'analysis_date', r.analysis_date,
            'created_at', r.created_at, 'updated_at', r.updated_at)
        FROM public.medical_reports r
        WHERE r.patient_id = patient AND (after_id IS NULL OR (r.created_at, r.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'images' THEN RETURN QUERY
        SELECT f.at, f.id, f.item FROM (
            SELECT i.uploaded_at AS at, i.image_id AS id, jsonb_build_object('image_id', i.image_id, 'report_id', i.report_id,
                'image_type', i.image_type, 'image_format', i.image_format, 'width', i.width, 'height', i.height,
                'file_size', i.file_size, 'dicom_metadata', i.dicom_metadata, 'uploaded_at', i.uploaded_at,
                'sha256', encode(b.sha256, 'hex')) AS item
            FROM public.medical_reports r JOIN public.report_images i ON i.report_id = r.report_id
                 LEFT JOIN portal.image_blobs b ON b.image_id = i.image_id
            WHERE r.patient_id = patient
            UNION ALL
            SELECT i.stored_at, i.image_id, jsonb_build_object('image_id', i.image_id, 'report_id', p.report_id,
                'prior_id', p.prior_id, 'image_type', i.image_type, 'image_format', 'DICOM', 'width', i.width, 'height', i.height,
                'file_size', i.file_size, 'dicom_metadata', i.dicom_metadata, 'uploaded_at', i.stored_at,
                'sha256', encode(i.sha256, 'hex'))
            FROM public.medical_reports r JOIN portal.prior_studies p ON p.report_id = r.report_id
                 JOIN portal.prior_images i ON i.prior_id = p.prior_id
            WHERE r.patient_id = patient AND p.doubts = '{}') f
        WHERE after_id IS NULL OR (f.at, f.id) > (after_at, after_id)
        ORDER BY 1, 2 LIMIT most;
    WHEN 'priors' THEN RETURN QUERY
        SELECT p.found_at, p.prior_id, to_jsonb(p) - 'doubts' - 'fault' - 'asked_at' - 'state'
        FROM public.medical_reports r JOIN portal.prior_studies p ON p.report_id = r.report_id
        WHERE r.patient_id = patient AND p.doubts = '{}'
          AND (after_id IS NULL OR (p.found_at, p.prior_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'analyses' THEN RETURN QUERY
        SELECT a.processed_at, a.analysis_id, jsonb_build_object('analysis_id', a.analysis_id, 'report_id', a.report_id,
            'model_version', a.model_version, 'risk_category', a.risk_category, 'risk_probability', a.risk_probability,
            'low_probability', a.low_probability, 'medium_probability', a.medium_probability,
            'high_probability', a.high_probability, 'findings', a.findings, 'processed_at', a.processed_at)
        FROM public.medical_reports r JOIN public.ai_analysis a ON a.report_id = r.report_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (a.processed_at, a.analysis_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'not_assessed' THEN RETURN QUERY
        SELECT n.created_at, n.report_id, jsonb_build_object('report_id', n.report_id, 'code', n.code, 'reason', n.reason,
            'created_at', n.created_at)
        FROM public.medical_reports r JOIN portal.not_assessed n ON n.report_id = r.report_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (n.created_at, n.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'reviews' THEN RETURN QUERY
        SELECT d.reviewed_at, d.review_id, to_jsonb(d) - 'doctor_id' - 'updated_at'
            || jsonb_build_object('doctor_name', portal.staff_name(d.doctor_id))
        FROM public.medical_reports r JOIN public.doctor_reviews d ON d.report_id = r.report_id
        WHERE r.patient_id = patient AND d.reviewed_at IS NOT NULL
          AND (after_id IS NULL OR (d.reviewed_at, d.review_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'addenda' THEN RETURN QUERY
        SELECT x.created_at, x.addendum_id, jsonb_build_object('addendum_id', x.addendum_id, 'review_id', x.review_id,
            'addendum', x.addendum, 'doctor_name', portal.staff_name(x.doctor_id), 'created_at', x.created_at)
        FROM public.medical_reports r JOIN public.doctor_reviews d ON d.report_id = r.report_id
             JOIN portal.review_addenda x ON x.review_id = d.review_id
        WHERE r.patient_id = patient AND (after_id IS NULL OR (x.created_at, x.addendum_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'releases' THEN RETURN QUERY
        SELECT x.release_at, x.report_id, jsonb_build_object('report_id', x.report_id, 'review_id', x.review_id,
            'release_at', x.release_at, 'released_at', x.released_at, 'reason', x.reason)
        FROM portal.report_releases x
        WHERE x.patient_id = patient AND (x.released_at IS NOT NULL OR current_user = 'portal_owner')
          AND (after_id IS NULL OR (x.release_at, x.report_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'consents' THEN RETURN QUERY
        SELECT c.recorded_at, c.consent_id, to_jsonb(c) - 'patient_id' - 'recorded_by'
            || jsonb_build_object('recorded_by_name', portal.staff_name(nullif(c.recorded_by, c.patient_id)))
        FROM portal.consents c
        WHERE c.patient_id = patient AND (after_id IS NULL OR (c.recorded_at, c.consent_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'corrections' THEN RETURN QUERY
        SELECT c.requested_at, c.correction_id, to_jsonb(c) - 'patient_id' - 'requested_by' - 'decided_by' - 'reminded_at'
            || jsonb_build_object('requested_by_name', portal.staff_name(nullif(c.requested_by, c.patient_id)),
                                  'decided_by_name', portal.staff_name(c.decided_by))
        FROM portal.correction_requests c
        WHERE c.patient_id = patient AND (after_id IS NULL OR (c.requested_at, c.correction_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'accesses' THEN
        IF current_user = 'portal_owner' THEN RETURN QUERY
            SELECT a.created_at, a.log_id, to_jsonb(a) FROM portal.accesses_to_record(patient) a
            WHERE after_id IS NULL OR (a.created_at, a.log_id) > (after_at, after_id) ORDER BY 1, 2 LIMIT most;
        ELSE RETURN QUERY
            SELECT a.created_at, a.log_id, to_jsonb(a) FROM portal.accesses_to_own_record() a
            WHERE patient = portal.actor_id() AND (after_id IS NULL OR (a.created_at, a.log_id) > (after_at, after_id))
            ORDER BY 1, 2 LIMIT most;
        END IF;
    WHEN 'notifications' THEN RETURN QUERY
        SELECT n.created_at, n.notification_id, jsonb_build_object('notification_id', n.notification_id, 'type', n.type,
            'title', n.title, 'message', n.message, 'related_report_id', n.related_report_id, 'is_read', n.is_read,
            'read_at', n.read_at, 'created_at', n.created_at)
        FROM public.notifications n
        WHERE n.user_id = patient AND (after_id IS NULL OR (n.created_at, n.notification_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    WHEN 'sessions' THEN RETURN QUERY
        SELECT s.login_time, s.session_id, jsonb_build_object('login_time', s.login_time, 'last_activity', s.last_activity,
            'logout_time', s.logout_time, 'ip_address', host(s.ip_address), 'user_agent', s.user_agent)
        FROM public.sessions s
        WHERE s.user_id = patient AND (after_id IS NULL OR (s.login_time, s.session_id) > (after_at, after_id))
        ORDER BY 1, 2 LIMIT most;
    END CASE;
END
$$;

ALTER FUNCTION portal.personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) OWNER TO portal_owner;

-- Name: personal_data_for_officer(uuid, text, timestamp with time zone, uuid, integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) RETURNS TABLE(at timestamp with time zone, id uuid, item jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    IF portal.is_privacy_officer() THEN
        RETURN QUERY SELECT * FROM portal.personal_data(patient, section, after_at, after_id, most);
    END IF;
END
$$;

ALTER FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) OWNER TO portal_owner;

-- Name: present(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.present() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('portal.present', true), '')::timestamptz, now()) $$;

ALTER FUNCTION portal.present() OWNER TO portal_owner;

-- Name: privacy_officers(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.privacy_officers() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT u.id FROM public.users u WHERE u.role IN ('radiologist', 'doctor', 'tech') AND portal.is_privacy_officer(u)
$$;

ALTER FUNCTION portal.privacy_officers() OWNER TO portal_owner;

-- Name: program_of(text, timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.program_of(digest text, present timestamp with time zone) RETURNS TABLE(token_id uuid, user_id uuid, role text, scopes text[], last_used_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.token_id, t.user_id, u.role::text, t.scopes, t.last_used_at
    FROM portal.program_tokens t JOIN public.users u ON u.id = t.user_id
    WHERE t.token = digest AND t.revoked_at IS NULL AND t.expires_at > present AND u.is_active;
END
$$;

ALTER FUNCTION portal.program_of(digest text, present timestamp with time zone) OWNER TO portal_owner;

-- Name: pseudonym(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.pseudonym(id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT 'Patient ' || upper(left(digest, 4) || '-' || substr(digest, 5, 4))
    FROM (SELECT encode(sha256(convert_to(id::text, 'UTF8')), 'hex') AS digest) d
$$;

ALTER FUNCTION portal.pseudonym(id uuid) OWNER TO portal_owner;

-- Name: pseudonymise_patient(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.pseudonymise_patient(patient uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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
    DELETE FROM portal.orders t WHERE t.patient_id = patient;
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

ALTER FUNCTION portal.pseudonymise_patient(patient uuid) OWNER TO portal_owner;

-- Name: queue_class(text); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.queue_class(risk_score text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE risk_score WHEN 'high' THEN 1 WHEN 'medium' THEN 3 WHEN 'low' THEN 4 ELSE 2 END $$;

ALTER FUNCTION portal.queue_class(risk_score text) OWNER TO portal_owner;

-- Name: refuse_change_of_audit(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.refuse_change_of_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- The one change let through is the foreign key's own: a deleted user leaves user_id NULL.
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND OLD.user_id IS NOT NULL
        AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id'
        AND NOT EXISTS (SELECT FROM public.users WHERE id = OLD.user_id)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit_logs is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_logs_append_only';
END
$$;

ALTER FUNCTION portal.refuse_change_of_audit() OWNER TO portal_owner;

-- Name: refuse_change_of_seals(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.refuse_change_of_seals() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_logs_append_only';
END
$$;

ALTER FUNCTION portal.refuse_change_of_seals() OWNER TO portal_owner;

-- Name: refuse_change_of_signed_review(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.refuse_change_of_signed_review() RETURNS trigger
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

ALTER FUNCTION portal.refuse_change_of_signed_review() OWNER TO portal_owner;

-- Name: remove_report(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.remove_report(report uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
BEGIN
    PERFORM set_config('portal.removing', report::text, true);
    INSERT INTO portal.blob_removals (sha256, requested_at)
    SELECT b.sha256, portal.present()
    FROM public.report_images i JOIN portal.image_blobs b ON b.image_id = i.image_id WHERE i.report_id = report
    UNION
    SELECT w.sha256, portal.present()
    FROM public.report_images i JOIN portal.wrapped_pictures w ON w.image_id = i.image_id WHERE i.report_id = report
    UNION
    SELECT i.sha256, portal.present()
    FROM portal.prior_studies p JOIN portal.prior_images i ON i.prior_id = p.prior_id WHERE p.report_id = report
    ON CONFLICT DO NOTHING;
    DELETE FROM portal.review_addenda a USING public.doctor_reviews d WHERE d.review_id = a.review_id AND d.report_id = report;
    DELETE FROM portal.report_releases x WHERE x.report_id = report;
    DELETE FROM public.doctor_reviews d WHERE d.report_id = report;
    DELETE FROM public.medical_reports r WHERE r.report_id = report;
    PERFORM set_config('portal.removing', '', true);
END
$$;

ALTER FUNCTION portal.remove_report(report uuid) OWNER TO portal_owner;

-- Name: remove_reports_beyond(timestamp with time zone, integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.remove_reports_beyond(before timestamp with time zone, most integer) RETURNS TABLE(report_id uuid, patient_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.remove_reports_beyond(before timestamp with time zone, most integer) OWNER TO portal_owner;

-- Name: reports_beyond(timestamp with time zone); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.reports_beyond(before timestamp with time zone) RETURNS TABLE(report_id uuid, patient_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    SELECT r.report_id, r.patient_id FROM public.medical_reports r
    WHERE r.upload_date < least(before, portal.present() - make_interval(years => coalesce(
              (SELECT (s.setting_value #>> '{}')::integer FROM public.system_settings s WHERE s.setting_key = 'privacy.keep_reports_years'), 10)))
      AND NOT EXISTS (SELECT FROM portal.legal_holds h WHERE h.patient_id = r.patient_id AND h.lifted_at IS NULL)
    ORDER BY r.upload_date
$$;

ALTER FUNCTION portal.reports_beyond(before timestamp with time zone) OWNER TO portal_owner;

-- Name: resolve_unknown_patient(uuid, uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.resolve_unknown_patient(unknown uuid, known uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.resolve_unknown_patient(unknown uuid, known uuid) OWNER TO portal_owner;

-- Name: retire_accounts_beyond(timestamp with time zone, integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.retire_accounts_beyond(before timestamp with time zone, most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
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

ALTER FUNCTION portal.retire_accounts_beyond(before timestamp with time zone, most integer) OWNER TO portal_owner;

-- Name: search_priors(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.search_priors(report uuid) RETURNS TABLE(archive text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO portal.prior_searches AS s (report_id, archive, queued_at)
    SELECT r.report_id, a.ae_title, portal.present()
    FROM portal.dicom_archives a
    JOIN portal.dicom_peers p ON p.ae_title = a.ae_title AND p.host IS NOT NULL
    JOIN public.medical_reports r ON r.report_id = report AND r.radiologist_id = portal.actor_id()
    ON CONFLICT DO NOTHING
    RETURNING s.archive;
END
$$;

ALTER FUNCTION portal.search_priors(report uuid) OWNER TO portal_owner;

-- Name: sees(text, uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.sees(kind text, id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN CASE kind
        WHEN 'report' THEN EXISTS (SELECT FROM public.medical_reports t WHERE t.report_id = id)
        WHEN 'image' THEN EXISTS (SELECT FROM public.report_images t WHERE t.image_id = id)
        WHEN 'analysis' THEN EXISTS (SELECT FROM public.ai_analysis t WHERE t.analysis_id = id)
        WHEN 'review' THEN EXISTS (SELECT FROM public.doctor_reviews t WHERE t.review_id = id)
        WHEN 'user' THEN EXISTS (SELECT FROM public.users t WHERE t.id = sees.id)
        WHEN 'session' THEN EXISTS (SELECT FROM public.sessions t WHERE t.session_id = id)
        WHEN 'notification' THEN EXISTS (SELECT FROM public.notifications t WHERE t.notification_id = id)
        WHEN 'proposal' THEN EXISTS (SELECT FROM portal.history_proposals t WHERE t.proposal_id = id)
        WHEN 'upload' THEN EXISTS (SELECT FROM portal.uploads t WHERE t.upload_id = id)
        WHEN 'passkey' THEN false -- the own ones are found
        WHEN 'history' THEN id = portal.actor_id() OR current_user = 'portal_doctor'
            OR EXISTS (SELECT FROM public.patient_medical_history t WHERE t.patient_id = id)
            OR EXISTS (SELECT FROM public.medical_reports t WHERE t.patient_id = id)
        WHEN 'correction' THEN EXISTS (SELECT FROM portal.correction_requests t WHERE t.correction_id = id)
        WHEN 'emergency' THEN EXISTS (SELECT FROM portal.emergency_accesses t WHERE t.access_id = id)
        ELSE true
    END;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN false;
END
$$;

ALTER FUNCTION portal.sees(kind text, id uuid) OWNER TO portal_owner;

-- Name: session_of(text, timestamp with time zone, integer); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.session_of(digest text, present timestamp with time zone, idle_minutes integer) RETURNS TABLE(session_id uuid, user_id uuid, role text, last_activity timestamp with time zone, expires_at timestamp with time zone, second_factor boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.session_id, s.user_id, u.role::text, s.last_activity, s.expires_at, coalesce(p.second_factor, false)
    FROM public.sessions s JOIN public.users u ON u.id = s.user_id
         LEFT JOIN portal.session_proofs p ON p.session_id = s.session_id
    WHERE s.token = digest AND s.is_active AND u.is_active AND s.expires_at > present
      AND s.last_activity > present - make_interval(mins => idle_minutes);
END
$$;

ALTER FUNCTION portal.session_of(digest text, present timestamp with time zone, idle_minutes integer) OWNER TO portal_owner;

-- Name: sought_account(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.sought_account() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.sought_account', true), '')::uuid $$;

ALTER FUNCTION portal.sought_account() OWNER TO portal_owner;

-- Name: sought_key(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.sought_key() RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT decode(nullif(current_setting('portal.sought_key', true), ''), 'hex') $$;

ALTER FUNCTION portal.sought_key() OWNER TO portal_owner;

-- Name: staff_name(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.staff_name(staff_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$ SELECT u.name FROM public.users u WHERE u.id = staff_id AND u.role <> 'patient' $$;

ALTER FUNCTION portal.staff_name(staff_id uuid) OWNER TO portal_owner;

-- Name: tell_keepers_of_own_history(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.tell_keepers_of_own_history() RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    INSERT INTO public.notifications (notification_id, user_id, type, priority, title, message, action_url, created_at)
    SELECT gen_random_uuid(), k, 'history_proposed', 'normal', 'A patient proposes a change',
           'A patient proposes a change of the medical history. It waits for your decision.',
           '/patients/' || portal.actor_id(), portal.present()
    FROM portal.keepers_of_own_history() k
    RETURNING user_id
$$;

ALTER FUNCTION portal.tell_keepers_of_own_history() OWNER TO portal_owner;

-- Name: tell_of_correction(uuid); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.tell_of_correction(correction uuid) RETURNS SETOF uuid
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'portal'
    AS $$
    WITH asked AS (
        SELECT c.subject FROM portal.correction_requests c
        WHERE c.correction_id = correction AND c.requested_by = portal.actor_id() AND c.state = 'open'
    ), told AS (
        SELECT o AS id FROM asked, portal.privacy_officers() o
        UNION
        SELECT k FROM asked, portal.keepers_of_own_history() k
        WHERE portal.is_clinical_correction(asked.subject)
          AND EXISTS (SELECT FROM public.users u WHERE u.id = portal.actor_id() AND u.role = 'patient')
    )
    INSERT INTO public.notifications (notification_id, user_id, type, priority, title, message, action_url, created_at)
    SELECT gen_random_uuid(), id, 'correction_requested', 'normal', 'A correction is asked for',
           'A patient asks that something stored about them be corrected. It waits for a decision.',
           '/privacy', portal.present()
    FROM told WHERE id IS DISTINCT FROM portal.actor_id()
    RETURNING user_id
$$;

ALTER FUNCTION portal.tell_of_correction(correction uuid) OWNER TO portal_owner;

-- Name: touch_updated_at(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := portal.present();
    RETURN NEW;
END
$$;

ALTER FUNCTION portal.touch_updated_at() OWNER TO portal_owner;

-- Name: wake_workers(); Type: FUNCTION; Schema: portal; Owner: portal_owner

CREATE FUNCTION portal.wake_workers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('portal_jobs', NEW.kind);
    RETURN NULL;
END
$$;

ALTER FUNCTION portal.wake_workers() OWNER TO portal_owner;

-- Name: account_tokens; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.account_tokens (
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    token text NOT NULL,
    address portal.citext NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT account_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['reset_password'::text, 'verify_address'::text]))),
    CONSTRAINT account_tokens_token_is_sha256 CHECK ((token ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.account_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.account_tokens OWNER TO portal_owner;

-- Name: accounts; Type: VIEW; Schema: portal; Owner: portal_owner

CREATE VIEW portal.accounts WITH (security_barrier='false') AS
 SELECT u.id,
        CASE
            WHEN (u.role = 'patient'::text) THEN NULL::portal.citext
            ELSE u.email
        END AS email,
    u.role,
        CASE
            WHEN (u.role = 'patient'::text) THEN portal.pseudonym(u.id)
            ELSE u.name
        END AS name,
    u.is_active,
    u.last_login_at,
    u.created_at,
    u.updated_at
   FROM public.users u;

ALTER TABLE portal.accounts OWNER TO portal_owner;

-- Name: audit_archives; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.audit_archives (
    partition text NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone NOT NULL,
    row_count bigint NOT NULL,
    chain bytea NOT NULL,
    key_id bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT audit_archives_chain_length CHECK ((length(chain) = 32)),
    CONSTRAINT audit_archives_key_id_length CHECK ((length(key_id) = 8)),
    CONSTRAINT audit_archives_row_count CHECK ((row_count >= 0)),
    CONSTRAINT audit_archives_signature_length CHECK ((length(signature) = 64))
);

ALTER TABLE ONLY portal.audit_archives FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.audit_archives OWNER TO portal_owner;

-- Name: audit_deliveries; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.audit_deliveries (
    collector text NOT NULL,
    seal_number bigint NOT NULL,
    delivered_at timestamp with time zone,
    failing_since timestamp with time zone,
    taken_until timestamp with time zone,
    CONSTRAINT audit_deliveries_seal_number CHECK ((seal_number >= 0))
);

ALTER TABLE ONLY portal.audit_deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.audit_deliveries OWNER TO portal_owner;

-- Name: audit_logs; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.audit_logs (
    log_id uuid NOT NULL,
    user_id uuid,
    user_role text,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid,
    ip_address inet,
    user_agent text,
    old_values jsonb,
    new_values jsonb,
    status text NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_logs_status_check CHECK ((status = ANY (ARRAY['success'::text, 'failure'::text, 'denied'::text])))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY public.audit_logs FORCE ROW LEVEL SECURITY;

ALTER TABLE public.audit_logs OWNER TO portal_owner;

-- Name: audit_logs_default; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.audit_logs_default (
    log_id uuid NOT NULL,
    user_id uuid,
    user_role text,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id uuid,
    ip_address inet,
    user_agent text,
    old_values jsonb,
    new_values jsonb,
    status text NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_logs_status_check CHECK ((status = ANY (ARRAY['success'::text, 'failure'::text, 'denied'::text])))
);

ALTER TABLE ONLY portal.audit_logs_default FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.audit_logs_default OWNER TO portal_owner;

-- Name: audit_seals; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.audit_seals (
    seal_number bigint NOT NULL,
    previous bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    settled_until timestamp with time zone NOT NULL,
    next_transaction bigint,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    entries bytea NOT NULL,
    root bytea NOT NULL,
    key_id bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT audit_seals_entries_length CHECK ((((length(entries) % 72) = 0) AND (length(entries) > 0))),
    CONSTRAINT audit_seals_key_id_length CHECK ((length(key_id) = 8)),
    CONSTRAINT audit_seals_number_positive CHECK ((seal_number > 0)),
    CONSTRAINT audit_seals_previous_length CHECK ((length(previous) = 32)),
    CONSTRAINT audit_seals_root_length CHECK ((length(root) = 32)),
    CONSTRAINT audit_seals_signature_length CHECK ((length(signature) = 64))
);

ALTER TABLE ONLY portal.audit_seals FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.audit_seals OWNER TO portal_owner;

-- Name: backups; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.backups (
    id uuid NOT NULL,
    kind text NOT NULL,
    backup text NOT NULL,
    destination text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    outcome text DEFAULT 'running'::text NOT NULL,
    bytes bigint,
    blobs bigint,
    error text,
    CONSTRAINT backups_error_check CHECK (((error IS NULL) = (outcome <> 'failed'::text))),
    CONSTRAINT backups_finished_check CHECK (((finished_at IS NULL) = (outcome = 'running'::text))),
    CONSTRAINT backups_kind_check CHECK ((kind = ANY (ARRAY['backup'::text, 'verification'::text]))),
    CONSTRAINT backups_outcome_check CHECK ((outcome = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text])))
);

ALTER TABLE ONLY portal.backups FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.backups OWNER TO portal_owner;

-- Name: blob_removals; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.blob_removals (
    sha256 bytea NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    set_aside_at timestamp with time zone
);

ALTER TABLE ONLY portal.blob_removals FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.blob_removals OWNER TO portal_owner;

-- Name: case_scores; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.case_scores (
    report_id uuid NOT NULL,
    model_id uuid NOT NULL,
    is_shadow boolean NOT NULL,
    risk_category text,
    risk_probability numeric(5,4),
    not_assessed_code text,
    input_statistics jsonb DEFAULT '{}'::jsonb NOT NULL,
    processing_time_ms integer NOT NULL,
    scored_at timestamp with time zone NOT NULL,
    CONSTRAINT case_scores_outcome CHECK ((((risk_category IS NULL) = (risk_probability IS NULL)) AND ((risk_category IS NULL) = (not_assessed_code IS NOT NULL)))),
    CONSTRAINT case_scores_processing_time_ms_positive CHECK ((processing_time_ms >= 0)),
    CONSTRAINT case_scores_risk_category_check CHECK ((risk_category = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT case_scores_risk_probability_range CHECK (((risk_probability >= (0)::numeric) AND (risk_probability <= (1)::numeric)))
);

ALTER TABLE ONLY portal.case_scores FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.case_scores OWNER TO portal_owner;

-- Name: consents; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.consents (
    consent_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    kind text NOT NULL,
    is_given boolean NOT NULL,
    text_version text NOT NULL,
    wording text NOT NULL,
    evidence text,
    recorded_by uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT consents_evidence_length CHECK (((length(evidence) >= 1) AND (length(evidence) <= 2000))),
    CONSTRAINT consents_evidence_of_staff CHECK (((recorded_by = patient_id) = (evidence IS NULL))),
    CONSTRAINT consents_kind_form CHECK ((kind ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
    CONSTRAINT consents_text_version_length CHECK (((length(text_version) >= 1) AND (length(text_version) <= 40))),
    CONSTRAINT consents_wording_length CHECK (((length(wording) >= 1) AND (length(wording) <= 4000)))
);

ALTER TABLE ONLY portal.consents FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.consents OWNER TO portal_owner;

-- Name: content_notes; Type: SEQUENCE; Schema: portal; Owner: portal_owner

CREATE SEQUENCE portal.content_notes
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER TABLE portal.content_notes OWNER TO portal_owner;

-- Name: correction_requests; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.correction_requests (
    correction_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    subject text NOT NULL,
    report_id uuid,
    words text NOT NULL,
    requested_by uuid,
    requested_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    answer text,
    decided_by uuid,
    decided_at timestamp with time zone,
    reminded_at timestamp with time zone,
    disagreement text,
    disagreed_at timestamp with time zone,
    CONSTRAINT correction_requests_answer_length CHECK (((length(answer) >= 1) AND (length(answer) <= 2000))),
    CONSTRAINT correction_requests_answered CHECK (((state <> ALL (ARRAY['accepted'::text, 'declined'::text])) OR (answer IS NOT NULL))),
    CONSTRAINT correction_requests_decided CHECK (((state = 'open'::text) = (decided_at IS NULL))),
    CONSTRAINT correction_requests_disagreed CHECK ((((disagreement IS NULL) = (disagreed_at IS NULL)) AND ((disagreement IS NULL) OR (state = 'declined'::text)))),
    CONSTRAINT correction_requests_disagreement_length CHECK (((length(disagreement) >= 1) AND (length(disagreement) <= 4000))),
    CONSTRAINT correction_requests_state_check CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text]))),
    CONSTRAINT correction_requests_subject_check CHECK ((subject = ANY (ARRAY['name'::text, 'date_of_birth'::text, 'contact'::text, 'report_assignment'::text, 'history'::text, 'report_text'::text, 'other'::text]))),
    CONSTRAINT correction_requests_words_length CHECK (((length(words) >= 1) AND (length(words) <= 2000)))
);

ALTER TABLE ONLY portal.correction_requests FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.correction_requests OWNER TO portal_owner;

-- Name: dicom_archives; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_archives (
    ae_title text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.dicom_archives FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_archives OWNER TO portal_owner;

-- Name: dicom_instances; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_instances (
    image_id uuid NOT NULL,
    study_uid text NOT NULL,
    series_uid text NOT NULL,
    sop_instance_uid text NOT NULL,
    sop_class_uid text,
    transfer_syntax_uid text,
    modality text,
    body_part text,
    view_position text,
    accession_number text,
    study_date_time timestamp without time zone,
    series_number integer,
    instance_number integer,
    frames integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY portal.dicom_instances FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_instances OWNER TO portal_owner;

-- Name: dicom_peers; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_peers (
    ae_title text NOT NULL,
    user_id uuid NOT NULL,
    addresses cidr[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    host text,
    port integer,
    over_tls boolean DEFAULT false NOT NULL,
    CONSTRAINT dicom_peers_ae_title_is_one CHECK ((ae_title ~ '^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$'::text)),
    CONSTRAINT dicom_peers_host_length CHECK (((length(host) >= 1) AND (length(host) <= 253))),
    CONSTRAINT dicom_peers_host_with_port CHECK (((host IS NULL) = (port IS NULL))),
    CONSTRAINT dicom_peers_port_is_one CHECK (((port >= 1) AND (port <= 65535))),
    CONSTRAINT dicom_peers_some_addresses CHECK (((cardinality(addresses) >= 1) AND (cardinality(addresses) <= 50)))
);

ALTER TABLE ONLY portal.dicom_peers FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_peers OWNER TO portal_owner;

-- Name: dicom_result_routes; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_result_routes (
    route_id uuid NOT NULL,
    destination text NOT NULL,
    modality text,
    body_part text,
    sender text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT dicom_result_routes_body_part_form CHECK ((body_part ~ '^[A-Z0-9_ ]{1,16}$'::text)),
    CONSTRAINT dicom_result_routes_modality_form CHECK ((modality ~ '^[A-Z0-9_ ]{1,16}$'::text))
);

ALTER TABLE ONLY portal.dicom_result_routes FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_result_routes OWNER TO portal_owner;

-- Name: dicom_routes; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_routes (
    route_id uuid NOT NULL,
    destination text NOT NULL,
    modality text,
    body_part text,
    sender text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT dicom_routes_body_part_form CHECK ((body_part ~ '^[A-Z0-9_ ]{1,16}$'::text)),
    CONSTRAINT dicom_routes_modality_form CHECK ((modality ~ '^[A-Z0-9_ ]{1,16}$'::text))
);

ALTER TABLE ONLY portal.dicom_routes FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_routes OWNER TO portal_owner;

-- Name: dicom_series; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_series (
    report_id uuid NOT NULL,
    series_uid text NOT NULL,
    study_uid text NOT NULL,
    modality text,
    series_number integer,
    series_description text,
    body_part text,
    laterality text,
    performed_date date,
    performed_time time without time zone,
    scheduled_step_id text,
    requested_procedure_id text
);

ALTER TABLE ONLY portal.dicom_series FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_series OWNER TO portal_owner;

-- Name: dicom_studies; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.dicom_studies (
    report_id uuid NOT NULL,
    study_uid text NOT NULL,
    study_date date,
    study_time time without time zone,
    accession_number text,
    study_id text,
    study_description text,
    referring_physician text,
    patient_name text,
    patient_number text,
    issuer text,
    patient_birth_date date,
    patient_sex text,
    timezone text
);

ALTER TABLE ONLY portal.dicom_studies FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.dicom_studies OWNER TO portal_owner;

-- Name: drift_references; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.drift_references (
    model_id uuid NOT NULL,
    quantity text NOT NULL,
    edges double precision[] NOT NULL,
    counts bigint[] NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT drift_references_bins CHECK ((cardinality(counts) = (cardinality(edges) + 1)))
);

ALTER TABLE ONLY portal.drift_references FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.drift_references OWNER TO portal_owner;

-- Name: emergency_accesses; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.emergency_accesses (
    access_id uuid NOT NULL,
    user_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    reason text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    review_note text,
    reviewed_by uuid,
    reviewed_at timestamp with time zone,
    reminded_at timestamp with time zone,
    CONSTRAINT emergency_accesses_outcome_check CHECK ((outcome = ANY (ARRAY['justified'::text, 'not_justified'::text]))),
    CONSTRAINT emergency_accesses_reason_length CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT emergency_accesses_review_note_length CHECK (((length(review_note) >= 1) AND (length(review_note) <= 2000))),
    CONSTRAINT emergency_accesses_reviewed CHECK ((((reviewed_at IS NULL) = (outcome IS NULL)) AND ((reviewed_at IS NULL) = (review_note IS NULL)) AND ((reviewed_at IS NULL) = (reviewed_by IS NULL)))),
    CONSTRAINT emergency_accesses_reviewed_by_another CHECK ((reviewed_by <> user_id)),
    CONSTRAINT emergency_accesses_time CHECK (((ends_at > opened_at) AND (ends_at <= (opened_at + '04:00:00'::interval))))
);

ALTER TABLE ONLY portal.emergency_accesses FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.emergency_accesses OWNER TO portal_owner;

-- Name: erasures; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.erasures (
    erasure_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    reason text NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    reports integer,
    CONSTRAINT erasures_decided CHECK ((((state = 'open'::text) = (decided_at IS NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)))),
    CONSTRAINT erasures_reason_length CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT erasures_second_person CHECK (((state <> 'confirmed'::text) OR (decided_by <> requested_by))),
    CONSTRAINT erasures_state_check CHECK ((state = ANY (ARRAY['open'::text, 'confirmed'::text, 'withdrawn'::text])))
);

ALTER TABLE ONLY portal.erasures FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.erasures OWNER TO portal_owner;

-- Name: events; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.events (
    event_id bigint NOT NULL,
    kind text NOT NULL,
    report_id uuid,
    user_id uuid,
    role text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY portal.events FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.events OWNER TO portal_owner;

-- Name: events_event_id_seq; Type: SEQUENCE; Schema: portal; Owner: portal_owner

ALTER TABLE portal.events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME portal.events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: fhir_notices; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.fhir_notices (
    report_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    result_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.fhir_notices FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.fhir_notices OWNER TO portal_owner;

-- Name: fhir_subscriptions; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.fhir_subscriptions (
    subscription_id uuid NOT NULL,
    name text NOT NULL,
    endpoint text NOT NULL,
    is_content_sent boolean NOT NULL,
    sealed_authorization bytea,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT fhir_subscriptions_endpoint_length CHECK (((length(endpoint) >= 1) AND (length(endpoint) <= 2000))),
    CONSTRAINT fhir_subscriptions_name_length CHECK (((length(name) >= 1) AND (length(name) <= 64))),
    CONSTRAINT fhir_subscriptions_sealed_length CHECK ((octet_length(sealed_authorization) <= 20000))
);

ALTER TABLE ONLY portal.fhir_subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.fhir_subscriptions OWNER TO portal_owner;

-- Name: first_impressions; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.first_impressions (
    report_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    risk text NOT NULL,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT first_impressions_risk_check CHECK ((risk = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text])))
);

ALTER TABLE ONLY portal.first_impressions FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.first_impressions OWNER TO portal_owner;

-- Name: history_proposals; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.history_proposals (
    proposal_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    content jsonb NOT NULL,
    note text,
    based_on timestamp with time zone,
    proposed_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    answer text,
    decided_by uuid,
    decided_at timestamp with time zone,
    CONSTRAINT history_proposals_answer_length CHECK ((length(answer) <= 2000)),
    CONSTRAINT history_proposals_content_object CHECK ((jsonb_typeof(content) = 'object'::text)),
    CONSTRAINT history_proposals_decided CHECK (((state = 'open'::text) = (decided_at IS NULL))),
    CONSTRAINT history_proposals_note_length CHECK ((length(note) <= 2000)),
    CONSTRAINT history_proposals_state_check CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text])))
);

ALTER TABLE ONLY portal.history_proposals FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.history_proposals OWNER TO portal_owner;

-- Name: hl7_deliveries; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.hl7_deliveries (
    report_id uuid NOT NULL,
    receiver text NOT NULL,
    result_at timestamp with time zone NOT NULL,
    control_id text NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    CONSTRAINT hl7_deliveries_control_id_length CHECK (((length(control_id) >= 1) AND (length(control_id) <= 20)))
);

ALTER TABLE ONLY portal.hl7_deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.hl7_deliveries OWNER TO portal_owner;

-- Name: hl7_receivers; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.hl7_receivers (
    name text NOT NULL,
    host text NOT NULL,
    port integer NOT NULL,
    application text NOT NULL,
    facility text NOT NULL,
    is_tls boolean NOT NULL,
    authorities text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT hl7_receivers_application_length CHECK ((length(application) <= 180)),
    CONSTRAINT hl7_receivers_authorities_length CHECK ((length(authorities) <= 100000)),
    CONSTRAINT hl7_receivers_facility_length CHECK ((length(facility) <= 180)),
    CONSTRAINT hl7_receivers_host_length CHECK (((length(host) >= 1) AND (length(host) <= 253))),
    CONSTRAINT hl7_receivers_name_length CHECK (((length(name) >= 1) AND (length(name) <= 64))),
    CONSTRAINT hl7_receivers_port_range CHECK (((port >= 1) AND (port <= 65535)))
);

ALTER TABLE ONLY portal.hl7_receivers FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.hl7_receivers OWNER TO portal_owner;

-- Name: hl7_senders; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.hl7_senders (
    application text NOT NULL,
    user_id uuid NOT NULL,
    addresses cidr[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    CONSTRAINT hl7_senders_application_length CHECK (((length(application) >= 1) AND (length(application) <= 180))),
    CONSTRAINT hl7_senders_some_addresses CHECK (((cardinality(addresses) >= 1) AND (cardinality(addresses) <= 50)))
);

ALTER TABLE ONLY portal.hl7_senders FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.hl7_senders OWNER TO portal_owner;

-- Name: identity_confirmations; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.identity_confirmations (
    report_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    disagreement jsonb NOT NULL,
    note text,
    confirmed_at timestamp with time zone NOT NULL,
    CONSTRAINT identity_confirmations_disagreement_list CHECK ((jsonb_typeof(disagreement) = 'array'::text)),
    CONSTRAINT identity_confirmations_note_length CHECK ((length(note) <= 2000))
);

ALTER TABLE ONLY portal.identity_confirmations FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.identity_confirmations OWNER TO portal_owner;

-- Name: image_blobs; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.image_blobs (
    image_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT image_blobs_sha256_length CHECK ((length(sha256) = 32))
);

ALTER TABLE ONLY portal.image_blobs FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.image_blobs OWNER TO portal_owner;

-- Name: inference_records; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.inference_records (
    record_id uuid NOT NULL,
    report_id uuid NOT NULL,
    image_id uuid,
    model_id uuid,
    model_sha256 text,
    input_sha256 text,
    output jsonb NOT NULL,
    threshold numeric(5,4),
    engine text,
    processing_time_ms integer NOT NULL,
    software_version text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_shadow boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY portal.inference_records FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.inference_records OWNER TO portal_owner;

-- Name: invitations; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.invitations (
    patient_id uuid NOT NULL,
    code text NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT invitations_code_is_sha256 CHECK ((code ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.invitations FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.invitations OWNER TO portal_owner;

-- Name: jobs; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.jobs (
    job_id uuid NOT NULL,
    kind text NOT NULL,
    report_id uuid,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    priority smallint DEFAULT 5 NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    maximum_attempts integer DEFAULT 5 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    fencing_token bigint DEFAULT 0 NOT NULL,
    worker text,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'dead'::text])))
);

ALTER TABLE ONLY portal.jobs FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.jobs OWNER TO portal_owner;

-- Name: legal_holds; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.legal_holds (
    hold_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    reason text NOT NULL,
    set_by uuid NOT NULL,
    set_at timestamp with time zone NOT NULL,
    lift_reason text,
    lifted_by uuid,
    lifted_at timestamp with time zone,
    CONSTRAINT legal_holds_lift_reason_length CHECK (((length(lift_reason) >= 1) AND (length(lift_reason) <= 2000))),
    CONSTRAINT legal_holds_lifted CHECK ((((lifted_at IS NULL) = (lifted_by IS NULL)) AND ((lifted_at IS NULL) = (lift_reason IS NULL)))),
    CONSTRAINT legal_holds_reason_length CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

ALTER TABLE ONLY portal.legal_holds FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.legal_holds OWNER TO portal_owner;

-- Name: model_alarms; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.model_alarms (
    alarm_id uuid NOT NULL,
    model_id uuid NOT NULL,
    kind text NOT NULL,
    quantity text NOT NULL,
    figure double precision,
    alarm_limit double precision,
    detail text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    acknowledged_by uuid,
    acknowledged_at timestamp with time zone,
    resolved_at timestamp with time zone
);

ALTER TABLE ONLY portal.model_alarms FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.model_alarms OWNER TO portal_owner;

-- Name: model_changes; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.model_changes (
    change_id uuid NOT NULL,
    model_id uuid NOT NULL,
    event text NOT NULL,
    from_stage text NOT NULL,
    to_stage text NOT NULL,
    replaced_model_id uuid,
    reason text NOT NULL,
    changed_by uuid,
    changed_as text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT model_changes_reason_length CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

ALTER TABLE ONLY portal.model_changes FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.model_changes OWNER TO portal_owner;

-- Name: model_stages; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.model_stages (
    model_id uuid NOT NULL,
    stage text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT model_stages_stage_check CHECK ((stage = ANY (ARRAY['registered'::text, 'shadow'::text, 'active'::text, 'suspended'::text, 'retired'::text])))
);

ALTER TABLE ONLY portal.model_stages FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.model_stages OWNER TO portal_owner;

-- Name: model_standings; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.model_standings (
    model_id uuid NOT NULL,
    day date NOT NULL,
    figures jsonb NOT NULL,
    computed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.model_standings FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.model_standings OWNER TO portal_owner;

-- Name: prior_images; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.prior_images (
    image_id uuid NOT NULL,
    prior_id uuid NOT NULL,
    sop_instance_uid text NOT NULL,
    sha256 bytea NOT NULL,
    image_type text NOT NULL,
    file_size bigint NOT NULL,
    width integer,
    height integer,
    series_number integer,
    instance_number integer,
    dicom_metadata jsonb,
    stored_at timestamp with time zone NOT NULL,
    CONSTRAINT prior_images_sha256_length CHECK ((length(sha256) = 32))
);

ALTER TABLE ONLY portal.prior_images FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.prior_images OWNER TO portal_owner;

-- Name: wrapped_pictures; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.wrapped_pictures (
    image_id uuid NOT NULL,
    sha256 bytea NOT NULL,
    dicom_metadata jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT wrapped_pictures_sha256_length CHECK ((length(sha256) = 32))
);

ALTER TABLE ONLY portal.wrapped_pictures FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.wrapped_pictures OWNER TO portal_owner;

-- Name: named_blobs; Type: VIEW; Schema: portal; Owner: portal_owner

CREATE VIEW portal.named_blobs WITH (security_invoker='true') AS
 SELECT image_blobs.sha256
   FROM portal.image_blobs
UNION ALL
 SELECT prior_images.sha256
   FROM portal.prior_images
UNION ALL
 SELECT wrapped_pictures.sha256
   FROM portal.wrapped_pictures;

ALTER TABLE portal.named_blobs OWNER TO portal_owner;

-- Name: not_assessed; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.not_assessed (
    report_id uuid NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY portal.not_assessed FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.not_assessed OWNER TO portal_owner;

-- Name: orders; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.orders (
    order_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    status text NOT NULL,
    priority text NOT NULL,
    placer_issuer text NOT NULL,
    placer_number text,
    accession_number text,
    procedure_system text NOT NULL,
    procedure_code text NOT NULL,
    procedure_text text NOT NULL,
    modality text,
    station_ae_title text,
    scheduled_at timestamp with time zone,
    reason text,
    requester text,
    authored_at timestamp with time zone,
    made_by uuid,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT orders_accession_number_length CHECK (((length(accession_number) >= 1) AND (length(accession_number) <= 16))),
    CONSTRAINT orders_modality_form CHECK ((modality ~ '^[A-Z0-9_ ]{1,16}$'::text)),
    CONSTRAINT orders_placer_issuer_length CHECK ((length(placer_issuer) <= 200)),
    CONSTRAINT orders_placer_number_length CHECK (((length(placer_number) >= 1) AND (length(placer_number) <= 64))),
    CONSTRAINT orders_priority_check CHECK ((priority = ANY (ARRAY['routine'::text, 'urgent'::text, 'asap'::text, 'stat'::text]))),
    CONSTRAINT orders_procedure_code_length CHECK ((length(procedure_code) <= 64)),
    CONSTRAINT orders_procedure_system_length CHECK ((length(procedure_system) <= 200)),
    CONSTRAINT orders_procedure_text_length CHECK (((length(procedure_text) >= 1) AND (length(procedure_text) <= 200))),
    CONSTRAINT orders_reason_length CHECK ((length(reason) <= 2000)),
    CONSTRAINT orders_requester_length CHECK ((length(requester) <= 200)),
    CONSTRAINT orders_station_ae_title_length CHECK (((length(station_ae_title) >= 1) AND (length(station_ae_title) <= 16))),
    CONSTRAINT orders_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'completed'::text, 'revoked'::text])))
);

ALTER TABLE ONLY portal.orders FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.orders OWNER TO portal_owner;

-- Name: passkey_challenges; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.passkey_challenges (
    challenge text NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT passkey_challenges_is_sha256 CHECK ((challenge ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT passkey_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['register'::text, 'sign_in'::text, 'second_factor'::text, 'step_up'::text]))),
    CONSTRAINT passkey_challenges_whose CHECK (((user_id IS NULL) = (purpose = 'sign_in'::text)))
);

ALTER TABLE ONLY portal.passkey_challenges FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.passkey_challenges OWNER TO portal_owner;

-- Name: passkeys; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.passkeys (
    passkey_id uuid NOT NULL,
    user_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    name text NOT NULL,
    transports text[] NOT NULL,
    sign_count bigint NOT NULL,
    is_backed_up boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT passkeys_credential_id_length CHECK (((length(credential_id) >= 1) AND (length(credential_id) <= 1023))),
    CONSTRAINT passkeys_name_length CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT passkeys_sign_count_range CHECK (((sign_count >= 0) AND (sign_count <= '4294967295'::bigint)))
);

ALTER TABLE ONLY portal.passkeys FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.passkeys OWNER TO portal_owner;

-- Name: patient_identifiers; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.patient_identifiers (
    issuer text DEFAULT ''::text NOT NULL,
    identifier text NOT NULL,
    patient_id uuid NOT NULL,
    gender text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT patient_identifiers_gender_check CHECK ((gender = ANY (ARRAY['female'::text, 'male'::text, 'other'::text]))),
    CONSTRAINT patient_identifiers_length CHECK (((length(identifier) >= 1) AND (length(identifier) <= 64)))
);

ALTER TABLE ONLY portal.patient_identifiers FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.patient_identifiers OWNER TO portal_owner;

-- Name: patient_registrations; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.patient_registrations (
    patient_id uuid NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.patient_registrations FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.patient_registrations OWNER TO portal_owner;

-- Name: prior_searches; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.prior_searches (
    report_id uuid NOT NULL,
    archive text NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    others integer DEFAULT 0 NOT NULL,
    unreadable integer DEFAULT 0 NOT NULL,
    is_cut boolean DEFAULT false NOT NULL,
    fault text,
    CONSTRAINT prior_searches_others CHECK ((others >= 0)),
    CONSTRAINT prior_searches_unreadable CHECK ((unreadable >= 0))
);

ALTER TABLE ONLY portal.prior_searches FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.prior_searches OWNER TO portal_owner;

-- Name: prior_studies; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.prior_studies (
    prior_id uuid NOT NULL,
    report_id uuid NOT NULL,
    archive text NOT NULL,
    study_uid text NOT NULL,
    state text NOT NULL,
    doubts text[] DEFAULT '{}'::text[] NOT NULL,
    fault text,
    made_at timestamp without time zone,
    modalities text[] DEFAULT '{}'::text[] NOT NULL,
    description text,
    accession_number text,
    patient_name text,
    birth_date date,
    instances integer,
    found_at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone,
    fetched_at timestamp with time zone,
    CONSTRAINT prior_studies_state CHECK ((state = ANY (ARRAY['found'::text, 'fetching'::text, 'here'::text, 'failed'::text])))
);

ALTER TABLE ONLY portal.prior_studies FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.prior_studies OWNER TO portal_owner;

-- Name: program_tokens; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.program_tokens (
    token_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    token text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT program_tokens_name_length CHECK (((length(name) >= 1) AND (length(name) <= 100))),
    CONSTRAINT program_tokens_some_scopes CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 20))),
    CONSTRAINT program_tokens_time CHECK ((expires_at > created_at)),
    CONSTRAINT program_tokens_token_is_sha256 CHECK ((token ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.program_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.program_tokens OWNER TO portal_owner;

-- Name: promotions; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.promotions (
    promotion_id uuid NOT NULL,
    model_id uuid NOT NULL,
    replaces_model_id uuid,
    reason text NOT NULL,
    comparison jsonb NOT NULL,
    requested_by uuid,
    requested_as text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    decision text,
    decision_reason text,
    decided_by uuid,
    decided_as text,
    decided_at timestamp with time zone,
    CONSTRAINT promotions_decided CHECK ((((decision IS NULL) = (decided_at IS NULL)) AND ((decision IS NULL) = (decided_as IS NULL)))),
    CONSTRAINT promotions_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'declined'::text, 'withdrawn'::text]))),
    CONSTRAINT promotions_decision_reason_length CHECK (((length(decision_reason) >= 1) AND (length(decision_reason) <= 2000))),
    CONSTRAINT promotions_reason_length CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT promotions_two_persons CHECK (((decision IS DISTINCT FROM 'approved'::text) OR (requested_by IS DISTINCT FROM decided_by)))
);

ALTER TABLE ONLY portal.promotions FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.promotions OWNER TO portal_owner;

-- Name: recovery_codes; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.recovery_codes (
    user_id uuid NOT NULL,
    code text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_code_is_sha256 CHECK ((code ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.recovery_codes FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.recovery_codes OWNER TO portal_owner;

-- Name: report_annotations; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.report_annotations (
    report_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    content jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY portal.report_annotations FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.report_annotations OWNER TO portal_owner;

-- Name: report_claims; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.report_claims (
    report_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.report_claims FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.report_claims OWNER TO portal_owner;

-- Name: report_releases; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.report_releases (
    report_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    review_id uuid NOT NULL,
    release_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    released_by uuid,
    reason text DEFAULT ''::text NOT NULL
);

ALTER TABLE ONLY portal.report_releases FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.report_releases OWNER TO portal_owner;

-- Name: review_addenda; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.review_addenda (
    addendum_id uuid NOT NULL,
    review_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    addendum text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT review_addenda_length CHECK (((length(addendum) >= 1) AND (length(addendum) <= 20000)))
);

ALTER TABLE ONLY portal.review_addenda FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.review_addenda OWNER TO portal_owner;

-- Name: review_verdicts; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.review_verdicts (
    review_id uuid NOT NULL,
    ai_disagreement_reason text,
    analysis_id uuid,
    ai_risk_category text,
    first_impression_risk text,
    CONSTRAINT review_verdicts_first_impression_risk_check CHECK ((first_impression_risk = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text])))
);

ALTER TABLE ONLY portal.review_verdicts FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.review_verdicts OWNER TO portal_owner;

-- Name: schema_floor; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.schema_floor (
    minimum_migration bigint NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY portal.schema_floor FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.schema_floor OWNER TO portal_owner;

-- Name: schema_migrations; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.schema_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);

ALTER TABLE portal.schema_migrations OWNER TO portal_owner;

-- Name: session_proofs; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.session_proofs (
    session_id uuid NOT NULL,
    proved_at timestamp with time zone NOT NULL,
    second_factor boolean NOT NULL,
    spent boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY portal.session_proofs FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.session_proofs OWNER TO portal_owner;

-- Name: sign_in_challenges; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.sign_in_challenges (
    challenge text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_challenges_is_sha256 CHECK ((challenge ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.sign_in_challenges FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.sign_in_challenges OWNER TO portal_owner;

-- Name: sign_in_failures; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.sign_in_failures (
    account_key bytea NOT NULL,
    failures integer NOT NULL,
    last_failure timestamp with time zone NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT sign_in_failures_key_is_sha256 CHECK ((length(account_key) = 32))
);

ALTER TABLE ONLY portal.sign_in_failures FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.sign_in_failures OWNER TO portal_owner;

-- Name: single_sign_on_links; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.single_sign_on_links (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.single_sign_on_links FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.single_sign_on_links OWNER TO portal_owner;

-- Name: single_sign_on_sessions; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.single_sign_on_sessions (
    session_id uuid NOT NULL
);

ALTER TABLE ONLY portal.single_sign_on_sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.single_sign_on_sessions OWNER TO portal_owner;

-- Name: single_sign_on_starts; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.single_sign_on_starts (
    state text NOT NULL,
    browser text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT single_sign_on_starts_browser_is_sha256 CHECK ((browser ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT single_sign_on_starts_is_sha256 CHECK ((state ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY portal.single_sign_on_starts FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.single_sign_on_starts OWNER TO portal_owner;

-- Name: totp; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.totp (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    last_step bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone
);

ALTER TABLE ONLY portal.totp FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.totp OWNER TO portal_owner;

-- Name: unknown_patients; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.unknown_patients (
    patient_id uuid NOT NULL,
    issuer text NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    birth_date date,
    made_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by uuid,
    resolved_as uuid
);

ALTER TABLE ONLY portal.unknown_patients FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.unknown_patients OWNER TO portal_owner;

-- Name: uploads; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.uploads (
    upload_id uuid NOT NULL,
    user_id uuid NOT NULL,
    file_name text NOT NULL,
    size bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    CONSTRAINT uploads_file_name_length CHECK (((length(file_name) >= 1) AND (length(file_name) <= 120))),
    CONSTRAINT uploads_size_positive CHECK ((size > 0))
);

ALTER TABLE ONLY portal.uploads FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.uploads OWNER TO portal_owner;

-- Name: verified_addresses; Type: TABLE; Schema: portal; Owner: portal_owner

CREATE TABLE portal.verified_addresses (
    user_id uuid NOT NULL,
    address portal.citext NOT NULL,
    verified_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY portal.verified_addresses FORCE ROW LEVEL SECURITY;

ALTER TABLE portal.verified_addresses OWNER TO portal_owner;

-- Name: ai_analysis; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.ai_analysis (
    analysis_id uuid NOT NULL,
    report_id uuid NOT NULL,
    model_id uuid NOT NULL,
    risk_category text NOT NULL,
    risk_probability numeric(5,4) NOT NULL,
    low_probability numeric(5,4) NOT NULL,
    medium_probability numeric(5,4) NOT NULL,
    high_probability numeric(5,4) NOT NULL,
    findings jsonb DEFAULT '[]'::jsonb NOT NULL,
    feature_maps jsonb,
    attention_maps jsonb,
    processed_at timestamp with time zone DEFAULT now() NOT NULL,
    processing_time_ms integer NOT NULL,
    image_quality_score numeric(5,4),
    confidence_threshold numeric(5,4),
    preprocessing_steps jsonb DEFAULT '[]'::jsonb NOT NULL,
    model_version text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_analysis_confidence_threshold_range CHECK (((confidence_threshold >= (0)::numeric) AND (confidence_threshold <= (1)::numeric))),
    CONSTRAINT ai_analysis_high_probability_range CHECK (((high_probability >= (0)::numeric) AND (high_probability <= (1)::numeric))),
    CONSTRAINT ai_analysis_image_quality_score_range CHECK (((image_quality_score >= (0)::numeric) AND (image_quality_score <= (1)::numeric))),
    CONSTRAINT ai_analysis_low_probability_range CHECK (((low_probability >= (0)::numeric) AND (low_probability <= (1)::numeric))),
    CONSTRAINT ai_analysis_medium_probability_range CHECK (((medium_probability >= (0)::numeric) AND (medium_probability <= (1)::numeric))),
    CONSTRAINT ai_analysis_probabilities_sum CHECK ((abs((((low_probability + medium_probability) + high_probability) - (1)::numeric)) <= 0.001)),
    CONSTRAINT ai_analysis_processing_time_ms_positive CHECK ((processing_time_ms >= 0)),
    CONSTRAINT ai_analysis_risk_category_check CHECK ((risk_category = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT ai_analysis_risk_probability_range CHECK (((risk_probability >= (0)::numeric) AND (risk_probability <= (1)::numeric)))
);

ALTER TABLE ONLY public.ai_analysis FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ai_analysis OWNER TO portal_owner;

-- Name: ai_models; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.ai_models (
    model_id uuid NOT NULL,
    model_name text NOT NULL,
    version text NOT NULL,
    architecture text,
    framework text,
    model_file_url text NOT NULL,
    model_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    trained_date date,
    training_dataset_version text,
    deployed_date timestamp with time zone,
    is_active boolean DEFAULT false NOT NULL,
    baseline_accuracy numeric(5,4),
    baseline_precision numeric(5,4),
    baseline_recall numeric(5,4),
    baseline_f1_score numeric(5,4),
    description text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_models_baseline_accuracy_range CHECK (((baseline_accuracy >= (0)::numeric) AND (baseline_accuracy <= (1)::numeric))),
    CONSTRAINT ai_models_baseline_f1_score_range CHECK (((baseline_f1_score >= (0)::numeric) AND (baseline_f1_score <= (1)::numeric))),
    CONSTRAINT ai_models_baseline_precision_range CHECK (((baseline_precision >= (0)::numeric) AND (baseline_precision <= (1)::numeric))),
    CONSTRAINT ai_models_baseline_recall_range CHECK (((baseline_recall >= (0)::numeric) AND (baseline_recall <= (1)::numeric)))
);

ALTER TABLE ONLY public.ai_models FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ai_models OWNER TO portal_owner;

-- Name: doctor_reviews; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.doctor_reviews (
    review_id uuid NOT NULL,
    report_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    review_notes text,
    clinical_findings text,
    confirmed_ai_diagnosis boolean,
    ai_accuracy_rating smallint,
    doctor_risk_assessment text,
    urgency_level text,
    recommended_action text,
    follow_up_required boolean DEFAULT false NOT NULL,
    follow_up_date date,
    treatment_plan text,
    medication_prescribed jsonb,
    reviewed_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT doctor_reviews_ai_accuracy_rating_range CHECK (((ai_accuracy_rating >= 1) AND (ai_accuracy_rating <= 5))),
    CONSTRAINT doctor_reviews_doctor_risk_assessment_check CHECK ((doctor_risk_assessment = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT doctor_reviews_urgency_level_check CHECK ((urgency_level = ANY (ARRAY['routine'::text, 'follow_up'::text, 'urgent'::text, 'critical'::text])))
);

ALTER TABLE ONLY public.doctor_reviews FORCE ROW LEVEL SECURITY;

ALTER TABLE public.doctor_reviews OWNER TO portal_owner;

-- Name: medical_reports; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.medical_reports (
    report_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    radiologist_id uuid,
    patient_name text NOT NULL,
    radiologist_name text,
    study_type text DEFAULT 'chest_xray'::text NOT NULL,
    study_uid text,
    report_image_url text,
    image_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    risk_score text,
    confidence_score numeric(5,4),
    findings text,
    recommendations jsonb,
    upload_date timestamp with time zone DEFAULT now() NOT NULL,
    analysis_date timestamp with time zone,
    status text DEFAULT 'pending'::text NOT NULL,
    patient_age integer,
    patient_gender text,
    medical_history jsonb,
    symptoms jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid,
    updated_by uuid,
    CONSTRAINT medical_reports_confidence_score_range CHECK (((confidence_score >= (0)::numeric) AND (confidence_score <= (1)::numeric))),
    CONSTRAINT medical_reports_patient_age_range CHECK (((patient_age >= 0) AND (patient_age <= 150))),
    CONSTRAINT medical_reports_patient_gender_check CHECK ((patient_gender = ANY (ARRAY['female'::text, 'male'::text, 'other'::text]))),
    CONSTRAINT medical_reports_risk_score_check CHECK ((risk_score = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT medical_reports_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'analyzing'::text, 'analyzed'::text, 'reviewed'::text]))),
    CONSTRAINT medical_reports_study_uid_form CHECK ((study_uid ~ '^[0-9.]{1,64}$'::text))
);

ALTER TABLE ONLY public.medical_reports FORCE ROW LEVEL SECURITY;

ALTER TABLE public.medical_reports OWNER TO portal_owner;

-- Name: model_metrics; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.model_metrics (
    metric_id uuid NOT NULL,
    model_id uuid NOT NULL,
    accuracy numeric(5,4),
    "precision" numeric(5,4),
    recall numeric(5,4),
    f1_score numeric(5,4),
    true_positives integer DEFAULT 0 NOT NULL,
    true_negatives integer DEFAULT 0 NOT NULL,
    false_positives integer DEFAULT 0 NOT NULL,
    false_negatives integer DEFAULT 0 NOT NULL,
    total_predictions integer DEFAULT 0 NOT NULL,
    correct_predictions integer DEFAULT 0 NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    period_start timestamp with time zone,
    period_end timestamp with time zone,
    auc_roc numeric(5,4),
    CONSTRAINT model_metrics_accuracy_range CHECK (((accuracy >= (0)::numeric) AND (accuracy <= (1)::numeric))),
    CONSTRAINT model_metrics_auc_roc_range CHECK (((auc_roc >= (0)::numeric) AND (auc_roc <= (1)::numeric))),
    CONSTRAINT model_metrics_f1_score_range CHECK (((f1_score >= (0)::numeric) AND (f1_score <= (1)::numeric))),
    CONSTRAINT model_metrics_precision_range CHECK ((("precision" >= (0)::numeric) AND ("precision" <= (1)::numeric))),
    CONSTRAINT model_metrics_recall_range CHECK (((recall >= (0)::numeric) AND (recall <= (1)::numeric)))
);

ALTER TABLE ONLY public.model_metrics FORCE ROW LEVEL SECURITY;

ALTER TABLE public.model_metrics OWNER TO portal_owner;

-- Name: notifications; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.notifications (
    notification_id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    priority text DEFAULT 'normal'::text NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    action_url text,
    is_read boolean DEFAULT false NOT NULL,
    read_at timestamp with time zone,
    related_report_id uuid,
    sent_via_email boolean DEFAULT false NOT NULL,
    sent_via_sms boolean DEFAULT false NOT NULL,
    sent_via_push boolean DEFAULT false NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT notifications_priority_check CHECK ((priority = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'urgent'::text])))
);

ALTER TABLE ONLY public.notifications FORCE ROW LEVEL SECURITY;

ALTER TABLE public.notifications OWNER TO portal_owner;

-- Name: patient_medical_history; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.patient_medical_history (
    history_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    conditions jsonb DEFAULT '[]'::jsonb NOT NULL,
    allergies jsonb DEFAULT '[]'::jsonb NOT NULL,
    medications jsonb DEFAULT '[]'::jsonb NOT NULL,
    family_history jsonb DEFAULT '[]'::jsonb NOT NULL,
    lifestyle jsonb DEFAULT '{}'::jsonb NOT NULL,
    previous_procedures jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by uuid
);

ALTER TABLE ONLY public.patient_medical_history FORCE ROW LEVEL SECURITY;

ALTER TABLE public.patient_medical_history OWNER TO portal_owner;

-- Name: report_images; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.report_images (
    image_id uuid NOT NULL,
    report_id uuid NOT NULL,
    image_url text NOT NULL,
    image_type text NOT NULL,
    image_format text NOT NULL,
    width integer,
    height integer,
    file_size bigint NOT NULL,
    dicom_metadata jsonb,
    uploaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT report_images_file_size_positive CHECK ((file_size > 0)),
    CONSTRAINT report_images_height_positive CHECK ((height > 0)),
    CONSTRAINT report_images_image_format_check CHECK ((image_format = ANY (ARRAY['DICOM'::text, 'PNG'::text, 'JPEG'::text]))),
    CONSTRAINT report_images_image_type_check CHECK ((image_type = ANY (ARRAY['xray'::text, 'ct_scan'::text, 'mri'::text]))),
    CONSTRAINT report_images_width_positive CHECK ((width > 0))
);

ALTER TABLE ONLY public.report_images FORCE ROW LEVEL SECURITY;

ALTER TABLE public.report_images OWNER TO portal_owner;

-- Name: sessions; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.sessions (
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    token text NOT NULL,
    ip_address inet,
    user_agent text,
    device_info jsonb DEFAULT '{}'::jsonb NOT NULL,
    login_time timestamp with time zone DEFAULT now() NOT NULL,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    logout_time timestamp with time zone,
    CONSTRAINT sessions_token_is_sha256 CHECK ((token ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY public.sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE public.sessions OWNER TO portal_owner;

-- Name: COLUMN sessions.token; Type: COMMENT; Schema: public; Owner: portal_owner

COMMENT ON COLUMN public.sessions.token IS 'SHA-256 of the bearer token in hexadecimal; the token itself is never stored';

-- Name: system_settings; Type: TABLE; Schema: public; Owner: portal_owner

CREATE TABLE public.system_settings (
    setting_id uuid NOT NULL,
    setting_key text NOT NULL,
    setting_value jsonb NOT NULL,
    description text,
    is_sensitive boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by uuid
);

ALTER TABLE ONLY public.system_settings FORCE ROW LEVEL SECURITY;

ALTER TABLE public.system_settings OWNER TO portal_owner;

-- Name: v_doctor_priority_queue; Type: VIEW; Schema: public; Owner: portal_owner

CREATE VIEW public.v_doctor_priority_queue WITH (security_invoker='true') AS
 SELECT q.report_id,
    q.patient_id,
    q.patient_name,
    q.study_type,
    q.risk_score,
    q.confidence_score,
    q.upload_date,
    q.analysis_date,
    ( SELECT a.risk_probability
           FROM public.ai_analysis a
          WHERE (a.report_id = q.report_id)) AS risk_probability,
    q.priority_order,
    (q.upload_date + portal.maximum_wait(portal.queue_class(q.risk_score))) AS due_at,
    ((q.upload_date + portal.maximum_wait(portal.queue_class(q.risk_score))) < portal.present()) AS is_overdue,
    ( SELECT l.doctor_id
           FROM portal.report_claims l
          WHERE ((l.report_id = q.report_id) AND (l.expires_at > portal.present()))) AS claimed_by
   FROM (( SELECT 1 AS priority_order,
            top.report_id,
            top.patient_id,
            top.radiologist_id,
            top.patient_name,
            top.radiologist_name,
            top.study_type,
            top.study_uid,
            top.report_image_url,
            top.image_metadata,
            top.risk_score,
            top.confidence_score,
            top.findings,
            top.recommendations,
            top.upload_date,
            top.analysis_date,
            top.status,
            top.patient_age,
            top.patient_gender,
            top.medical_history,
            top.symptoms,
            top.created_at,
            top.updated_at,
            top.created_by,
            top.updated_by
           FROM (( SELECT r.report_id,
                    r.patient_id,
                    r.radiologist_id,
                    r.patient_name,
                    r.radiologist_name,
                    r.study_type,
                    r.study_uid,
                    r.report_image_url,
                    r.image_metadata,
                    r.risk_score,
                    r.confidence_score,
                    r.findings,
                    r.recommendations,
                    r.upload_date,
                    r.analysis_date,
                    r.status,
                    r.patient_age,
                    r.patient_gender,
                    r.medical_history,
                    r.symptoms,
                    r.created_at,
                    r.updated_at,
                    r.created_by,
                    r.updated_by
                   FROM public.medical_reports r
                  WHERE ((r.status = 'analyzed'::text) AND (r.risk_score = 'high'::text))
                  ORDER BY r.upload_date, r.report_id)
                UNION ALL
                ( SELECT r.report_id,
                    r.patient_id,
                    r.radiologist_id,
                    r.patient_name,
                    r.radiologist_name,
                    r.study_type,
                    r.study_uid,
                    r.report_image_url,
                    r.image_metadata,
                    r.risk_score,
                    r.confidence_score,
                    r.findings,
                    r.recommendations,
                    r.upload_date,
                    r.analysis_date,
                    r.status,
                    r.patient_age,
                    r.patient_gender,
                    r.medical_history,
                    r.symptoms,
                    r.created_at,
                    r.updated_at,
                    r.created_by,
                    r.updated_by
                   FROM public.medical_reports r
                  WHERE ((r.status = 'analyzed'::text) AND (r.risk_score IS NULL) AND (r.upload_date < ( SELECT portal.overdue_before(2) AS overdue_before)))
                  ORDER BY r.upload_date, r.report_id)
                UNION ALL
                ( SELECT r.report_id,
                    r.patient_id,
                    r.radiologist_id,
                    r.patient_name,
                    r.radiologist_name,
                    r.study_type,
                    r.study_uid,
                    r.report_image_url,
                    r.image_metadata,
                    r.risk_score,
                    r.confidence_score,
                    r.findings,
                    r.recommendations,
                    r.upload_date,
                    r.analysis_date,
                    r.status,
                    r.patient_age,
                    r.patient_gender,
                    r.medical_history,
                    r.symptoms,
                    r.created_at,
                    r.updated_at,
                    r.created_by,
                    r.updated_by
                   FROM public.medical_reports r
                  WHERE ((r.status = 'analyzed'::text) AND (r.risk_score = 'medium'::text) AND (r.upload_date < ( SELECT portal.overdue_before(3) AS overdue_before)))
                  ORDER BY r.upload_date, r.report_id)
                UNION ALL
                ( SELECT r.report_id,
                    r.patient_id,
                    r.radiologist_id,
                    r.patient_name,
                    r.radiologist_name,
                    r.study_type,
                    r.study_uid,
                    r.report_image_url,
                    r.image_metadata,
                    r.risk_score,
                    r.confidence_score,
                    r.findings,
                    r.recommendations,
                    r.upload_date,
                    r.analysis_date,
                    r.status,
                    r.patient_age,
                    r.patient_gender,
                    r.medical_history,
                    r.symptoms,
                    r.created_at,
                    r.updated_at,
                    r.created_by,
                    r.updated_by
                   FROM public.medical_reports r
                  WHERE ((r.status = 'analyzed'::text) AND (r.risk_score = 'low'::text) AND (r.upload_date < ( SELECT portal.overdue_before(4) AS overdue_before)))
                  ORDER BY r.upload_date, r.report_id)) top
          ORDER BY top.upload_date, top.report_id)
        UNION ALL
        ( SELECT 2 AS priority_order,
            r.report_id,
            r.patient_id,
            r.radiologist_id,
            r.patient_name,
            r.radiologist_name,
            r.study_type,
            r.study_uid,
            r.report_image_url,
            r.image_metadata,
            r.risk_score,
            r.confidence_score,
            r.findings,
            r.recommendations,
            r.upload_date,
            r.analysis_date,
            r.status,
            r.patient_age,
            r.patient_gender,
            r.medical_history,
            r.symptoms,
            r.created_at,
            r.updated_at,
            r.created_by,
            r.updated_by
           FROM public.medical_reports r
          WHERE ((r.status = 'analyzed'::text) AND (r.risk_score IS NULL) AND (r.upload_date >= ( SELECT portal.overdue_before(2) AS overdue_before)))
          ORDER BY r.upload_date, r.report_id)
        UNION ALL
        ( SELECT 3 AS priority_order,
            r.report_id,
            r.patient_id,
            r.radiologist_id,
            r.patient_name,
            r.radiologist_name,
            r.study_type,
            r.study_uid,
            r.report_image_url,
            r.image_metadata,
            r.risk_score,
            r.confidence_score,
            r.findings,
            r.recommendations,
            r.upload_date,
            r.analysis_date,
            r.status,
            r.patient_age,
            r.patient_gender,
            r.medical_history,
            r.symptoms,
            r.created_at,
            r.updated_at,
            r.created_by,
            r.updated_by
           FROM public.medical_reports r
          WHERE ((r.status = 'analyzed'::text) AND (r.risk_score = 'medium'::text) AND (r.upload_date >= ( SELECT portal.overdue_before(3) AS overdue_before)))
          ORDER BY r.upload_date, r.report_id)
        UNION ALL
        ( SELECT 4 AS priority_order,
            r.report_id,
            r.patient_id,
            r.radiologist_id,
            r.patient_name,
            r.radiologist_name,
            r.study_type,
            r.study_uid,
            r.report_image_url,
            r.image_metadata,
            r.risk_score,
            r.confidence_score,
            r.findings,
            r.recommendations,
            r.upload_date,
            r.analysis_date,
            r.status,
            r.patient_age,
            r.patient_gender,
            r.medical_history,
            r.symptoms,
            r.created_at,
            r.updated_at,
            r.created_by,
            r.updated_by
           FROM public.medical_reports r
          WHERE ((r.status = 'analyzed'::text) AND (r.risk_score = 'low'::text) AND (r.upload_date >= ( SELECT portal.overdue_before(4) AS overdue_before)))
          ORDER BY r.upload_date, r.report_id)) q;

ALTER TABLE public.v_doctor_priority_queue OWNER TO portal_owner;

-- Name: v_patient_reports; Type: VIEW; Schema: public; Owner: portal_owner

CREATE VIEW public.v_patient_reports WITH (security_invoker='true') AS
 SELECT r.report_id,
    r.patient_id,
    r.patient_name,
    r.study_type,
    r.risk_score,
    r.confidence_score,
    r.upload_date,
    r.analysis_date,
    r.status,
    a.risk_probability,
    a.processed_at,
    v.review_id,
    v.doctor_id,
    v.urgency_level,
    v.reviewed_at,
    COALESCE((x.released_at <= portal.present()), false) AS is_released
   FROM (((public.medical_reports r
     LEFT JOIN public.ai_analysis a ON ((a.report_id = r.report_id)))
     LEFT JOIN portal.report_releases x ON ((x.report_id = r.report_id)))
     LEFT JOIN LATERAL ( SELECT d.review_id,
            d.doctor_id,
            d.urgency_level,
            d.reviewed_at
           FROM public.doctor_reviews d
          WHERE ((d.report_id = r.report_id) AND (d.reviewed_at IS NOT NULL))
          ORDER BY d.reviewed_at DESC, d.review_id DESC
         LIMIT 1) v ON (true))
  WHERE (((CURRENT_USER <> 'portal_patient'::name) OR ((r.patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (x.released_at IS NOT NULL))) AND ((CURRENT_USER <> 'portal_radiologist'::name) OR (r.radiologist_id = ( SELECT portal.actor_id() AS actor_id))));

ALTER TABLE public.v_patient_reports OWNER TO portal_owner;

-- Name: audit_logs_default; Type: TABLE ATTACH; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY public.audit_logs ATTACH PARTITION portal.audit_logs_default DEFAULT;

-- Name: account_tokens account_tokens_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.account_tokens
    ADD CONSTRAINT account_tokens_pkey PRIMARY KEY (user_id, purpose);

-- Name: audit_archives audit_archives_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.audit_archives
    ADD CONSTRAINT audit_archives_pkey PRIMARY KEY (partition);

-- Name: audit_deliveries audit_deliveries_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.audit_deliveries
    ADD CONSTRAINT audit_deliveries_pkey PRIMARY KEY (collector);

-- Name: audit_logs audit_logs_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.audit_logs
    ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (log_id, created_at);

-- Name: audit_logs_default audit_logs_default_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.audit_logs_default
    ADD CONSTRAINT audit_logs_default_pkey PRIMARY KEY (log_id, created_at);

-- Name: audit_seals audit_seals_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.audit_seals
    ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (seal_number);

-- Name: backups backups_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.backups
    ADD CONSTRAINT backups_pkey PRIMARY KEY (id);

-- Name: blob_removals blob_removals_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.blob_removals
    ADD CONSTRAINT blob_removals_pkey PRIMARY KEY (sha256);

-- Name: case_scores case_scores_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.case_scores
    ADD CONSTRAINT case_scores_pkey PRIMARY KEY (report_id, model_id);

-- Name: consents consents_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (consent_id);

-- Name: correction_requests correction_requests_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.correction_requests
    ADD CONSTRAINT correction_requests_pkey PRIMARY KEY (correction_id);

-- Name: dicom_archives dicom_archives_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_archives
    ADD CONSTRAINT dicom_archives_pkey PRIMARY KEY (ae_title);

-- Name: dicom_instances dicom_instances_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_instances
    ADD CONSTRAINT dicom_instances_pkey PRIMARY KEY (image_id);

-- Name: dicom_peers dicom_peers_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_peers
    ADD CONSTRAINT dicom_peers_pkey PRIMARY KEY (ae_title);

-- Name: dicom_result_routes dicom_result_routes_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_result_routes
    ADD CONSTRAINT dicom_result_routes_pkey PRIMARY KEY (route_id);

-- Name: dicom_routes dicom_routes_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_routes
    ADD CONSTRAINT dicom_routes_pkey PRIMARY KEY (route_id);

-- Name: dicom_series dicom_series_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_series
    ADD CONSTRAINT dicom_series_pkey PRIMARY KEY (report_id, series_uid);

-- Name: dicom_studies dicom_studies_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_studies
    ADD CONSTRAINT dicom_studies_pkey PRIMARY KEY (report_id);

-- Name: drift_references drift_references_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.drift_references
    ADD CONSTRAINT drift_references_pkey PRIMARY KEY (model_id, quantity);

-- Name: emergency_accesses emergency_accesses_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.emergency_accesses
    ADD CONSTRAINT emergency_accesses_pkey PRIMARY KEY (access_id);

-- Name: erasures erasures_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (erasure_id);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (event_id);

-- Name: fhir_notices fhir_notices_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.fhir_notices
    ADD CONSTRAINT fhir_notices_pkey PRIMARY KEY (report_id, subscription_id);

-- Name: fhir_subscriptions fhir_subscriptions_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.fhir_subscriptions
    ADD CONSTRAINT fhir_subscriptions_pkey PRIMARY KEY (subscription_id);

-- Name: first_impressions first_impressions_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.first_impressions
    ADD CONSTRAINT first_impressions_pkey PRIMARY KEY (report_id, doctor_id);

-- Name: history_proposals history_proposals_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.history_proposals
    ADD CONSTRAINT history_proposals_pkey PRIMARY KEY (proposal_id);

-- Name: hl7_deliveries hl7_deliveries_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_deliveries
    ADD CONSTRAINT hl7_deliveries_pkey PRIMARY KEY (report_id, receiver);

-- Name: hl7_receivers hl7_receivers_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_receivers
    ADD CONSTRAINT hl7_receivers_pkey PRIMARY KEY (name);

-- Name: hl7_senders hl7_senders_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_senders
    ADD CONSTRAINT hl7_senders_pkey PRIMARY KEY (application);

-- Name: identity_confirmations identity_confirmations_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.identity_confirmations
    ADD CONSTRAINT identity_confirmations_pkey PRIMARY KEY (report_id, doctor_id);

-- Name: image_blobs image_blobs_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.image_blobs
    ADD CONSTRAINT image_blobs_pkey PRIMARY KEY (image_id);

-- Name: inference_records inference_records_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.inference_records
    ADD CONSTRAINT inference_records_pkey PRIMARY KEY (record_id);

-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (patient_id);

-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (job_id);

-- Name: legal_holds legal_holds_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.legal_holds
    ADD CONSTRAINT legal_holds_pkey PRIMARY KEY (hold_id);

-- Name: model_alarms model_alarms_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_alarms
    ADD CONSTRAINT model_alarms_pkey PRIMARY KEY (alarm_id);

-- Name: model_changes model_changes_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_changes
    ADD CONSTRAINT model_changes_pkey PRIMARY KEY (change_id);

-- Name: model_stages model_stages_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_stages
    ADD CONSTRAINT model_stages_pkey PRIMARY KEY (model_id);

-- Name: model_standings model_standings_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_standings
    ADD CONSTRAINT model_standings_pkey PRIMARY KEY (model_id, day);

-- Name: not_assessed not_assessed_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.not_assessed
    ADD CONSTRAINT not_assessed_pkey PRIMARY KEY (report_id);

-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);

-- Name: passkey_challenges passkey_challenges_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.passkey_challenges
    ADD CONSTRAINT passkey_challenges_pkey PRIMARY KEY (challenge);

-- Name: passkeys passkeys_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (passkey_id);

-- Name: patient_identifiers patient_identifiers_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.patient_identifiers
    ADD CONSTRAINT patient_identifiers_pkey PRIMARY KEY (issuer, identifier);

-- Name: patient_registrations patient_registrations_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.patient_registrations
    ADD CONSTRAINT patient_registrations_pkey PRIMARY KEY (patient_id);

-- Name: prior_images prior_images_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_images
    ADD CONSTRAINT prior_images_pkey PRIMARY KEY (image_id);

-- Name: prior_searches prior_searches_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_searches
    ADD CONSTRAINT prior_searches_pkey PRIMARY KEY (report_id, archive);

-- Name: prior_studies prior_studies_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_studies
    ADD CONSTRAINT prior_studies_pkey PRIMARY KEY (prior_id);

-- Name: program_tokens program_tokens_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.program_tokens
    ADD CONSTRAINT program_tokens_pkey PRIMARY KEY (token_id);

-- Name: promotions promotions_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.promotions
    ADD CONSTRAINT promotions_pkey PRIMARY KEY (promotion_id);

-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code);

-- Name: report_annotations report_annotations_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_annotations
    ADD CONSTRAINT report_annotations_pkey PRIMARY KEY (report_id, doctor_id);

-- Name: report_claims report_claims_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_claims
    ADD CONSTRAINT report_claims_pkey PRIMARY KEY (report_id);

-- Name: report_releases report_releases_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_releases
    ADD CONSTRAINT report_releases_pkey PRIMARY KEY (report_id);

-- Name: review_addenda review_addenda_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.review_addenda
    ADD CONSTRAINT review_addenda_pkey PRIMARY KEY (addendum_id);

-- Name: review_verdicts review_verdicts_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.review_verdicts
    ADD CONSTRAINT review_verdicts_pkey PRIMARY KEY (review_id);

-- Name: schema_floor schema_floor_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.schema_floor
    ADD CONSTRAINT schema_floor_pkey PRIMARY KEY (minimum_migration);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

-- Name: session_proofs session_proofs_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.session_proofs
    ADD CONSTRAINT session_proofs_pkey PRIMARY KEY (session_id);

-- Name: sign_in_challenges sign_in_challenges_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_pkey PRIMARY KEY (challenge);

-- Name: sign_in_failures sign_in_failures_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (account_key);

-- Name: single_sign_on_links single_sign_on_links_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.single_sign_on_links
    ADD CONSTRAINT single_sign_on_links_pkey PRIMARY KEY (issuer, subject);

-- Name: single_sign_on_sessions single_sign_on_sessions_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.single_sign_on_sessions
    ADD CONSTRAINT single_sign_on_sessions_pkey PRIMARY KEY (session_id);

-- Name: single_sign_on_starts single_sign_on_starts_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.single_sign_on_starts
    ADD CONSTRAINT single_sign_on_starts_pkey PRIMARY KEY (state);

-- Name: totp totp_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.totp
    ADD CONSTRAINT totp_pkey PRIMARY KEY (user_id);

-- Name: unknown_patients unknown_patients_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.unknown_patients
    ADD CONSTRAINT unknown_patients_pkey PRIMARY KEY (patient_id);

-- Name: uploads uploads_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (upload_id);

-- Name: verified_addresses verified_addresses_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.verified_addresses
    ADD CONSTRAINT verified_addresses_pkey PRIMARY KEY (user_id);

-- Name: wrapped_pictures wrapped_pictures_pkey; Type: CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.wrapped_pictures
    ADD CONSTRAINT wrapped_pictures_pkey PRIMARY KEY (image_id);

-- Name: ai_analysis ai_analysis_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.ai_analysis
    ADD CONSTRAINT ai_analysis_pkey PRIMARY KEY (analysis_id);

-- Name: ai_models ai_models_name_version_key; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.ai_models
    ADD CONSTRAINT ai_models_name_version_key UNIQUE (model_name, version);

-- Name: ai_models ai_models_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.ai_models
    ADD CONSTRAINT ai_models_pkey PRIMARY KEY (model_id);

-- Name: doctor_reviews doctor_reviews_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.doctor_reviews
    ADD CONSTRAINT doctor_reviews_pkey PRIMARY KEY (review_id);

-- Name: medical_reports medical_reports_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.medical_reports
    ADD CONSTRAINT medical_reports_pkey PRIMARY KEY (report_id);

-- Name: model_metrics model_metrics_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.model_metrics
    ADD CONSTRAINT model_metrics_pkey PRIMARY KEY (metric_id);

-- Name: notifications notifications_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (notification_id);

-- Name: patient_medical_history patient_medical_history_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.patient_medical_history
    ADD CONSTRAINT patient_medical_history_pkey PRIMARY KEY (history_id);

-- Name: report_images report_images_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.report_images
    ADD CONSTRAINT report_images_pkey PRIMARY KEY (image_id);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (session_id);

-- Name: system_settings system_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.system_settings
    ADD CONSTRAINT system_settings_pkey PRIMARY KEY (setting_id);

-- Name: system_settings system_settings_setting_key_key; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.system_settings
    ADD CONSTRAINT system_settings_setting_key_key UNIQUE (setting_key);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: idx_audit_logs_action; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_audit_logs_action ON ONLY public.audit_logs USING btree (action, created_at DESC);

-- Name: audit_logs_default_action_created_at_idx; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX audit_logs_default_action_created_at_idx ON portal.audit_logs_default USING btree (action, created_at DESC);

-- Name: idx_audit_logs_created_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_audit_logs_created_at ON ONLY public.audit_logs USING btree (created_at DESC, log_id DESC);

-- Name: audit_logs_default_created_at_log_id_idx; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX audit_logs_default_created_at_log_id_idx ON portal.audit_logs_default USING btree (created_at DESC, log_id DESC);

-- Name: idx_audit_logs_entity_type; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_audit_logs_entity_type ON ONLY public.audit_logs USING btree (entity_type, entity_id, created_at DESC);

-- Name: audit_logs_default_entity_type_entity_id_created_at_idx; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX audit_logs_default_entity_type_entity_id_created_at_idx ON portal.audit_logs_default USING btree (entity_type, entity_id, created_at DESC);

-- Name: idx_audit_logs_user_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_audit_logs_user_id ON ONLY public.audit_logs USING btree (user_id, created_at DESC);

-- Name: audit_logs_default_user_id_created_at_idx; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX audit_logs_default_user_id_created_at_idx ON portal.audit_logs_default USING btree (user_id, created_at DESC);

-- Name: idx_account_tokens_token; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_account_tokens_token ON portal.account_tokens USING btree (token);

-- Name: idx_audit_seals_last_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_audit_seals_last_at ON portal.audit_seals USING btree (last_at, first_at);

-- Name: idx_backups_started_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_backups_started_at ON portal.backups USING btree (started_at DESC, id DESC);

-- Name: idx_backups_succeeded; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_backups_succeeded ON portal.backups USING btree (kind, finished_at DESC) WHERE (outcome = 'succeeded'::text);

-- Name: idx_blob_removals_set_aside_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_blob_removals_set_aside_at ON portal.blob_removals USING btree (set_aside_at);

-- Name: idx_case_scores_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_case_scores_model_id ON portal.case_scores USING btree (model_id, scored_at);

-- Name: idx_consents_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_consents_patient_id ON portal.consents USING btree (patient_id, kind, recorded_at DESC, consent_id DESC);

-- Name: idx_consents_recorded_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_consents_recorded_by ON portal.consents USING btree (recorded_by);

-- Name: idx_correction_requests_decided_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_decided_by ON portal.correction_requests USING btree (decided_by);

-- Name: idx_correction_requests_open; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_open ON portal.correction_requests USING btree (due_at) WHERE (state = 'open'::text);

-- Name: idx_correction_requests_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_patient_id ON portal.correction_requests USING btree (patient_id, requested_at DESC, correction_id DESC);

-- Name: idx_correction_requests_report_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_report_id ON portal.correction_requests USING btree (report_id);

-- Name: idx_correction_requests_requested_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_requested_at ON portal.correction_requests USING btree (requested_at DESC, correction_id DESC);

-- Name: idx_correction_requests_requested_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_correction_requests_requested_by ON portal.correction_requests USING btree (requested_by);

-- Name: idx_dicom_instances_accession_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_instances_accession_number ON portal.dicom_instances USING btree (accession_number);

-- Name: idx_dicom_instances_sop_instance_uid; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_instances_sop_instance_uid ON portal.dicom_instances USING btree (sop_instance_uid);

-- Name: idx_dicom_instances_study_uid; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_instances_study_uid ON portal.dicom_instances USING btree (study_uid, series_uid);

-- Name: idx_dicom_peers_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_dicom_peers_user_id ON portal.dicom_peers USING btree (user_id);

-- Name: idx_dicom_result_routes_once; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_dicom_result_routes_once ON portal.dicom_result_routes USING btree (destination, COALESCE(modality, ''::text), COALESCE(body_part, ''::text), COALESCE(sender, ''::text));

-- Name: idx_dicom_result_routes_sender; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_result_routes_sender ON portal.dicom_result_routes USING btree (sender);

-- Name: idx_dicom_routes_once; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_dicom_routes_once ON portal.dicom_routes USING btree (destination, COALESCE(modality, ''::text), COALESCE(body_part, ''::text), COALESCE(sender, ''::text));

-- Name: idx_dicom_routes_sender; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_routes_sender ON portal.dicom_routes USING btree (sender);

-- Name: idx_dicom_series_modality; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_series_modality ON portal.dicom_series USING btree (modality);

-- Name: idx_dicom_series_series_uid; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_series_series_uid ON portal.dicom_series USING btree (series_uid);

-- Name: idx_dicom_series_study_uid; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_series_study_uid ON portal.dicom_series USING btree (study_uid, series_uid);

-- Name: idx_dicom_studies_accession_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_studies_accession_number ON portal.dicom_studies USING btree (accession_number text_pattern_ops);

-- Name: idx_dicom_studies_patient_name; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_studies_patient_name ON portal.dicom_studies USING btree (lower(patient_name) text_pattern_ops);

-- Name: idx_dicom_studies_patient_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_studies_patient_number ON portal.dicom_studies USING btree (patient_number text_pattern_ops);

-- Name: idx_dicom_studies_study_date; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_studies_study_date ON portal.dicom_studies USING btree (study_date DESC NULLS LAST, report_id DESC);

-- Name: idx_dicom_studies_study_uid; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_dicom_studies_study_uid ON portal.dicom_studies USING btree (study_uid, report_id);

-- Name: idx_emergency_accesses_opened_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_emergency_accesses_opened_at ON portal.emergency_accesses USING btree (opened_at DESC, access_id DESC);

-- Name: idx_emergency_accesses_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_emergency_accesses_patient_id ON portal.emergency_accesses USING btree (patient_id);

-- Name: idx_emergency_accesses_reviewed_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_emergency_accesses_reviewed_by ON portal.emergency_accesses USING btree (reviewed_by);

-- Name: idx_emergency_accesses_unreviewed; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_emergency_accesses_unreviewed ON portal.emergency_accesses USING btree (ends_at) WHERE (reviewed_at IS NULL);

-- Name: idx_emergency_accesses_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_emergency_accesses_user_id ON portal.emergency_accesses USING btree (user_id, opened_at DESC, access_id DESC);

-- Name: idx_erasures_decided_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_erasures_decided_by ON portal.erasures USING btree (decided_by);

-- Name: idx_erasures_one_open; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_erasures_one_open ON portal.erasures USING btree (patient_id) WHERE (state = 'open'::text);

-- Name: idx_erasures_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_erasures_patient_id ON portal.erasures USING btree (patient_id);

-- Name: idx_erasures_requested_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_erasures_requested_at ON portal.erasures USING btree (requested_at DESC, erasure_id DESC);

-- Name: idx_erasures_requested_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_erasures_requested_by ON portal.erasures USING btree (requested_by);

-- Name: idx_events_created_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_events_created_at ON portal.events USING btree (created_at);

-- Name: idx_fhir_notices_subscription_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_fhir_notices_subscription_id ON portal.fhir_notices USING btree (subscription_id, taken_at DESC);

-- Name: idx_fhir_subscriptions_name; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_fhir_subscriptions_name ON portal.fhir_subscriptions USING btree (name);

-- Name: idx_first_impressions_doctor_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_first_impressions_doctor_id ON portal.first_impressions USING btree (doctor_id);

-- Name: idx_history_proposals_decided_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_history_proposals_decided_by ON portal.history_proposals USING btree (decided_by);

-- Name: idx_history_proposals_one_open; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_history_proposals_one_open ON portal.history_proposals USING btree (patient_id) WHERE (state = 'open'::text);

-- Name: idx_history_proposals_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_history_proposals_patient_id ON portal.history_proposals USING btree (patient_id, proposed_at DESC);

-- Name: idx_hl7_deliveries_receiver; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_hl7_deliveries_receiver ON portal.hl7_deliveries USING btree (receiver, taken_at DESC);

-- Name: idx_hl7_senders_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_hl7_senders_user_id ON portal.hl7_senders USING btree (user_id);

-- Name: idx_identity_confirmations_doctor_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_identity_confirmations_doctor_id ON portal.identity_confirmations USING btree (doctor_id);

-- Name: idx_image_blobs_sha256; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_image_blobs_sha256 ON portal.image_blobs USING btree (sha256);

-- Name: idx_inference_records_image_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_inference_records_image_id ON portal.inference_records USING btree (image_id);

-- Name: idx_inference_records_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_inference_records_model_id ON portal.inference_records USING btree (model_id, created_at DESC);

-- Name: idx_inference_records_report_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_inference_records_report_id ON portal.inference_records USING btree (report_id, created_at DESC);

-- Name: idx_invitations_code; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_invitations_code ON portal.invitations USING btree (code);

-- Name: idx_invitations_invited_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_invitations_invited_by ON portal.invitations USING btree (invited_by);

-- Name: idx_jobs_leases; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_jobs_leases ON portal.jobs USING btree (lease_until) WHERE (state = 'running'::text);

-- Name: idx_jobs_queued_once; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_jobs_queued_once ON portal.jobs USING btree (kind, report_id) WHERE ((state = 'queued'::text) AND (report_id IS NOT NULL));

-- Name: idx_jobs_ready; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_jobs_ready ON portal.jobs USING btree (priority, run_at, job_id) WHERE (state = 'queued'::text);

-- Name: idx_jobs_report_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_jobs_report_id ON portal.jobs USING btree (report_id);

-- Name: idx_jobs_state; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_jobs_state ON portal.jobs USING btree (state, created_at DESC, job_id DESC);

-- Name: idx_legal_holds_lifted_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_legal_holds_lifted_by ON portal.legal_holds USING btree (lifted_by);

-- Name: idx_legal_holds_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_legal_holds_patient_id ON portal.legal_holds USING btree (patient_id);

-- Name: idx_legal_holds_set_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_legal_holds_set_at ON portal.legal_holds USING btree (set_at DESC, hold_id DESC);

-- Name: idx_legal_holds_set_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_legal_holds_set_by ON portal.legal_holds USING btree (set_by);

-- Name: idx_model_alarms_acknowledged_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_alarms_acknowledged_by ON portal.model_alarms USING btree (acknowledged_by);

-- Name: idx_model_alarms_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_alarms_model_id ON portal.model_alarms USING btree (model_id, raised_at DESC);

-- Name: idx_model_alarms_one_open; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_model_alarms_one_open ON portal.model_alarms USING btree (model_id, kind, quantity) WHERE (resolved_at IS NULL);

-- Name: idx_model_alarms_raised_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_alarms_raised_at ON portal.model_alarms USING btree (raised_at DESC, alarm_id DESC);

-- Name: idx_model_changes_changed_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_changes_changed_by ON portal.model_changes USING btree (changed_by);

-- Name: idx_model_changes_created_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_changes_created_at ON portal.model_changes USING btree (created_at DESC, change_id DESC);

-- Name: idx_model_changes_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_changes_model_id ON portal.model_changes USING btree (model_id, created_at DESC, change_id DESC);

-- Name: idx_model_changes_replaced_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_model_changes_replaced_model_id ON portal.model_changes USING btree (replaced_model_id);

-- Name: idx_orders_accession_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_orders_accession_number ON portal.orders USING btree (accession_number) WHERE (status <> 'revoked'::text);

-- Name: idx_orders_made_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_orders_made_by ON portal.orders USING btree (made_by);

-- Name: idx_orders_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_orders_patient_id ON portal.orders USING btree (patient_id, order_id DESC);

-- Name: idx_orders_placer_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_orders_placer_number ON portal.orders USING btree (placer_number, placer_issuer);

-- Name: idx_orders_scheduled_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_orders_scheduled_at ON portal.orders USING btree (scheduled_at) WHERE (status = 'active'::text);

-- Name: idx_orders_updated_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_orders_updated_at ON portal.orders USING btree (updated_at);

-- Name: idx_passkey_challenges_expires_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_passkey_challenges_expires_at ON portal.passkey_challenges USING btree (expires_at);

-- Name: idx_passkey_challenges_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_passkey_challenges_user_id ON portal.passkey_challenges USING btree (user_id);

-- Name: idx_passkeys_credential_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_passkeys_credential_id ON portal.passkeys USING btree (credential_id);

-- Name: idx_passkeys_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_passkeys_user_id ON portal.passkeys USING btree (user_id, created_at);

-- Name: idx_patient_identifiers_identifier; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_patient_identifiers_identifier ON portal.patient_identifiers USING btree (identifier);

-- Name: idx_patient_identifiers_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_patient_identifiers_patient_id ON portal.patient_identifiers USING btree (patient_id);

-- Name: idx_patient_registrations_registered_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_patient_registrations_registered_by ON portal.patient_registrations USING btree (registered_by);

-- Name: idx_prior_images_once; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_prior_images_once ON portal.prior_images USING btree (prior_id, sop_instance_uid);

-- Name: idx_prior_images_sha256; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_prior_images_sha256 ON portal.prior_images USING btree (sha256);

-- Name: idx_prior_studies_fetching; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_prior_studies_fetching ON portal.prior_studies USING btree (study_uid) WHERE (state = 'fetching'::text);

-- Name: idx_prior_studies_once; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_prior_studies_once ON portal.prior_studies USING btree (report_id, study_uid);

-- Name: idx_program_tokens_token; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_program_tokens_token ON portal.program_tokens USING btree (token);

-- Name: idx_program_tokens_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_program_tokens_user_id ON portal.program_tokens USING btree (user_id);

-- Name: idx_promotions_decided_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_promotions_decided_by ON portal.promotions USING btree (decided_by);

-- Name: idx_promotions_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_promotions_model_id ON portal.promotions USING btree (model_id);

-- Name: idx_promotions_one_open; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE UNIQUE INDEX idx_promotions_one_open ON portal.promotions USING btree ((true)) WHERE (decision IS NULL);

-- Name: idx_promotions_replaces_model_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_promotions_replaces_model_id ON portal.promotions USING btree (replaces_model_id);

-- Name: idx_promotions_requested_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_promotions_requested_at ON portal.promotions USING btree (requested_at DESC, promotion_id DESC);

-- Name: idx_promotions_requested_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_promotions_requested_by ON portal.promotions USING btree (requested_by);

-- Name: idx_report_annotations_doctor_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_report_annotations_doctor_id ON portal.report_annotations USING btree (doctor_id);

-- Name: idx_report_claims_doctor_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_report_claims_doctor_id ON portal.report_claims USING btree (doctor_id);

-- Name: idx_report_releases_due; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_report_releases_due ON portal.report_releases USING btree (release_at) WHERE (released_at IS NULL);

-- Name: idx_report_releases_patient_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_report_releases_patient_id ON portal.report_releases USING btree (patient_id);

-- Name: idx_report_releases_review_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_report_releases_review_id ON portal.report_releases USING btree (review_id);

-- Name: idx_review_addenda_doctor_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_review_addenda_doctor_id ON portal.review_addenda USING btree (doctor_id);

-- Name: idx_review_addenda_review_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_review_addenda_review_id ON portal.review_addenda USING btree (review_id, created_at);

-- Name: idx_sign_in_challenges_expires_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_sign_in_challenges_expires_at ON portal.sign_in_challenges USING btree (expires_at);

-- Name: idx_sign_in_challenges_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_sign_in_challenges_user_id ON portal.sign_in_challenges USING btree (user_id);

-- Name: idx_single_sign_on_links_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_single_sign_on_links_user_id ON portal.single_sign_on_links USING btree (user_id);

-- Name: idx_single_sign_on_starts_expires_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_single_sign_on_starts_expires_at ON portal.single_sign_on_starts USING btree (expires_at);

-- Name: idx_unknown_patients_issuer_number; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_unknown_patients_issuer_number ON portal.unknown_patients USING btree (issuer, number);

-- Name: idx_unknown_patients_made_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_unknown_patients_made_at ON portal.unknown_patients USING btree (made_at DESC, patient_id DESC) WHERE (resolved_at IS NULL);

-- Name: idx_unknown_patients_resolved_as; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_unknown_patients_resolved_as ON portal.unknown_patients USING btree (resolved_as);

-- Name: idx_unknown_patients_resolved_by; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_unknown_patients_resolved_by ON portal.unknown_patients USING btree (resolved_by);

-- Name: idx_uploads_expires_at; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_uploads_expires_at ON portal.uploads USING btree (expires_at);

-- Name: idx_uploads_user_id; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_uploads_user_id ON portal.uploads USING btree (user_id);

-- Name: idx_wrapped_pictures_sha256; Type: INDEX; Schema: portal; Owner: portal_owner

CREATE INDEX idx_wrapped_pictures_sha256 ON portal.wrapped_pictures USING btree (sha256);

-- Name: idx_ai_analysis_model_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_analysis_model_id ON public.ai_analysis USING btree (model_id);

-- Name: idx_ai_analysis_processed_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_analysis_processed_at ON public.ai_analysis USING btree (processed_at);

-- Name: idx_ai_analysis_report_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_ai_analysis_report_id ON public.ai_analysis USING btree (report_id);

-- Name: idx_ai_analysis_risk_category; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_analysis_risk_category ON public.ai_analysis USING btree (risk_category);

-- Name: idx_ai_models_deployed_date; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_models_deployed_date ON public.ai_models USING btree (deployed_date);

-- Name: idx_ai_models_is_active; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_models_is_active ON public.ai_models USING btree (is_active);

-- Name: idx_ai_models_one_active; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_ai_models_one_active ON public.ai_models USING btree (is_active) WHERE is_active;

-- Name: idx_ai_models_version; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_ai_models_version ON public.ai_models USING btree (version);

-- Name: idx_doctor_reviews_doctor_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_doctor_reviews_doctor_id ON public.doctor_reviews USING btree (doctor_id, reviewed_at DESC, review_id DESC);

-- Name: idx_doctor_reviews_one_draft; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_doctor_reviews_one_draft ON public.doctor_reviews USING btree (report_id, doctor_id) WHERE (reviewed_at IS NULL);

-- Name: idx_doctor_reviews_report_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_doctor_reviews_report_id ON public.doctor_reviews USING btree (report_id, reviewed_at DESC);

-- Name: idx_doctor_reviews_reviewed_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_doctor_reviews_reviewed_at ON public.doctor_reviews USING btree (reviewed_at);

-- Name: idx_doctor_reviews_urgency_level; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_doctor_reviews_urgency_level ON public.doctor_reviews USING btree (urgency_level);

-- Name: idx_medical_reports_analysis_date; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_analysis_date ON public.medical_reports USING btree (analysis_date);

-- Name: idx_medical_reports_patient_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_patient_id ON public.medical_reports USING btree (patient_id, upload_date DESC, report_id DESC);

-- Name: idx_medical_reports_queue_high; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_queue_high ON public.medical_reports USING btree (upload_date, report_id) WHERE ((status = 'analyzed'::text) AND (risk_score = 'high'::text));

-- Name: idx_medical_reports_queue_low; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_queue_low ON public.medical_reports USING btree (upload_date, report_id) WHERE ((status = 'analyzed'::text) AND (risk_score = 'low'::text));

-- Name: idx_medical_reports_queue_medium; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_queue_medium ON public.medical_reports USING btree (upload_date, report_id) WHERE ((status = 'analyzed'::text) AND (risk_score = 'medium'::text));

-- Name: idx_medical_reports_queue_unscored; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_queue_unscored ON public.medical_reports USING btree (upload_date, report_id) WHERE ((status = 'analyzed'::text) AND (risk_score IS NULL));

-- Name: idx_medical_reports_radiologist_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_radiologist_id ON public.medical_reports USING btree (radiologist_id, upload_date DESC, report_id DESC);

-- Name: idx_medical_reports_risk_score; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_risk_score ON public.medical_reports USING btree (risk_score, upload_date DESC, report_id DESC);

-- Name: idx_medical_reports_status; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_status ON public.medical_reports USING btree (status, upload_date DESC, report_id DESC);

-- Name: idx_medical_reports_study_uid; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_medical_reports_study_uid ON public.medical_reports USING btree (study_uid);

-- Name: idx_medical_reports_updated_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_updated_at ON public.medical_reports USING btree (updated_at);

-- Name: idx_medical_reports_upload_date; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_medical_reports_upload_date ON public.medical_reports USING btree (upload_date DESC, report_id DESC);

-- Name: idx_model_metrics_model_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_model_metrics_model_id ON public.model_metrics USING btree (model_id, recorded_at DESC, metric_id DESC);

-- Name: idx_model_metrics_recorded_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_model_metrics_recorded_at ON public.model_metrics USING btree (recorded_at);

-- Name: idx_notifications_created_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_created_at ON public.notifications USING btree (created_at);

-- Name: idx_notifications_is_read; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_is_read ON public.notifications USING btree (is_read);

-- Name: idx_notifications_priority; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_priority ON public.notifications USING btree (priority);

-- Name: idx_notifications_related_report_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_related_report_id ON public.notifications USING btree (related_report_id);

-- Name: idx_notifications_type; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_type ON public.notifications USING btree (type);

-- Name: idx_notifications_user_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_notifications_user_id ON public.notifications USING btree (user_id, created_at DESC, notification_id DESC);

-- Name: idx_patient_medical_history_patient_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_patient_medical_history_patient_id ON public.patient_medical_history USING btree (patient_id);

-- Name: idx_report_images_image_type; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_report_images_image_type ON public.report_images USING btree (image_type);

-- Name: idx_report_images_report_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_report_images_report_id ON public.report_images USING btree (report_id);

-- Name: idx_sessions_expires_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_sessions_expires_at ON public.sessions USING btree (expires_at);

-- Name: idx_sessions_is_active; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_sessions_is_active ON public.sessions USING btree (is_active);

-- Name: idx_sessions_token; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_sessions_token ON public.sessions USING btree (token);

-- Name: idx_sessions_user_id; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_sessions_user_id ON public.sessions USING btree (user_id);

-- Name: idx_users_created_at; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_users_created_at ON public.users USING btree (created_at);

-- Name: idx_users_email; Type: INDEX; Schema: public; Owner: portal_owner

CREATE UNIQUE INDEX idx_users_email ON public.users USING btree (email);

-- Name: idx_users_is_active; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_users_is_active ON public.users USING btree (is_active);

-- Name: idx_users_role; Type: INDEX; Schema: public; Owner: portal_owner

CREATE INDEX idx_users_role ON public.users USING btree (role);

-- Name: audit_logs_default_action_created_at_idx; Type: INDEX ATTACH; Schema: portal; Owner: portal_owner

ALTER INDEX public.idx_audit_logs_action ATTACH PARTITION portal.audit_logs_default_action_created_at_idx;

-- Name: audit_logs_default_created_at_log_id_idx; Type: INDEX ATTACH; Schema: portal; Owner: portal_owner

ALTER INDEX public.idx_audit_logs_created_at ATTACH PARTITION portal.audit_logs_default_created_at_log_id_idx;

-- Name: audit_logs_default_entity_type_entity_id_created_at_idx; Type: INDEX ATTACH; Schema: portal; Owner: portal_owner

ALTER INDEX public.idx_audit_logs_entity_type ATTACH PARTITION portal.audit_logs_default_entity_type_entity_id_created_at_idx;

-- Name: audit_logs_default_pkey; Type: INDEX ATTACH; Schema: portal; Owner: portal_owner

ALTER INDEX public.audit_logs_pkey ATTACH PARTITION portal.audit_logs_default_pkey;

-- Name: audit_logs_default_user_id_created_at_idx; Type: INDEX ATTACH; Schema: portal; Owner: portal_owner

ALTER INDEX public.idx_audit_logs_user_id ATTACH PARTITION portal.audit_logs_default_user_id_created_at_idx;

-- Name: events announce_event; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER announce_event AFTER INSERT ON portal.events FOR EACH ROW EXECUTE FUNCTION portal.announce_event();

-- Name: audit_archives append_only; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON portal.audit_archives FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_seals();

-- Name: audit_seals append_only; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON portal.audit_seals FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_seals();

-- Name: audit_archives append_only_truncate; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON portal.audit_archives FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_seals();

-- Name: audit_seals append_only_truncate; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON portal.audit_seals FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_seals();

-- Name: dicom_instances index_for_queries; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER index_for_queries AFTER INSERT ON portal.dicom_instances FOR EACH ROW EXECUTE FUNCTION portal.index_new_dicom_instance();

-- Name: jobs wake_workers; Type: TRIGGER; Schema: portal; Owner: portal_owner

CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF state, run_at ON portal.jobs FOR EACH ROW WHEN ((new.state = 'queued'::text)) EXECUTE FUNCTION portal.wake_workers();

-- Name: audit_logs append_only; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.audit_logs FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_audit();

-- Name: audit_logs append_only_truncate; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_logs FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_audit();

-- Name: ai_analysis note_content; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR DELETE OR UPDATE ON public.ai_analysis DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();

-- Name: doctor_reviews note_content; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR UPDATE ON public.doctor_reviews DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.reviewed_at IS NOT NULL)) EXECUTE FUNCTION portal.note_content();

-- Name: medical_reports note_content; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR DELETE OR UPDATE ON public.medical_reports DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();

-- Name: report_images note_content; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE CONSTRAINT TRIGGER note_content AFTER INSERT OR DELETE OR UPDATE ON public.report_images DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION portal.note_content();

-- Name: doctor_reviews signed_is_final; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER signed_is_final BEFORE DELETE OR UPDATE ON public.doctor_reviews FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_signed_review();

-- Name: doctor_reviews touch_updated_at; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.doctor_reviews FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Name: medical_reports touch_updated_at; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.medical_reports FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Name: patient_medical_history touch_updated_at; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.patient_medical_history FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Name: system_settings touch_updated_at; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.system_settings FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Name: users touch_updated_at; Type: TRIGGER; Schema: public; Owner: portal_owner

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Name: account_tokens account_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.account_tokens
    ADD CONSTRAINT account_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: case_scores case_scores_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.case_scores
    ADD CONSTRAINT case_scores_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: case_scores case_scores_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.case_scores
    ADD CONSTRAINT case_scores_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: consents consents_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.consents
    ADD CONSTRAINT consents_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: consents consents_recorded_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.consents
    ADD CONSTRAINT consents_recorded_by_fkey FOREIGN KEY (recorded_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: correction_requests correction_requests_decided_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.correction_requests
    ADD CONSTRAINT correction_requests_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: correction_requests correction_requests_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.correction_requests
    ADD CONSTRAINT correction_requests_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: correction_requests correction_requests_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.correction_requests
    ADD CONSTRAINT correction_requests_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE SET NULL;

-- Name: correction_requests correction_requests_requested_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.correction_requests
    ADD CONSTRAINT correction_requests_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: dicom_archives dicom_archives_ae_title_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_archives
    ADD CONSTRAINT dicom_archives_ae_title_fkey FOREIGN KEY (ae_title) REFERENCES portal.dicom_peers(ae_title) ON DELETE CASCADE;

-- Name: dicom_instances dicom_instances_image_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_instances
    ADD CONSTRAINT dicom_instances_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.report_images(image_id) ON DELETE CASCADE;

-- Name: dicom_peers dicom_peers_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_peers
    ADD CONSTRAINT dicom_peers_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

-- Name: dicom_result_routes dicom_result_routes_destination_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_result_routes
    ADD CONSTRAINT dicom_result_routes_destination_fkey FOREIGN KEY (destination) REFERENCES portal.dicom_peers(ae_title) ON DELETE CASCADE;

-- Name: dicom_result_routes dicom_result_routes_sender_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_result_routes
    ADD CONSTRAINT dicom_result_routes_sender_fkey FOREIGN KEY (sender) REFERENCES portal.dicom_peers(ae_title) ON DELETE CASCADE;

-- Name: dicom_routes dicom_routes_destination_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_routes
    ADD CONSTRAINT dicom_routes_destination_fkey FOREIGN KEY (destination) REFERENCES portal.dicom_peers(ae_title) ON DELETE CASCADE;

-- Name: dicom_routes dicom_routes_sender_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_routes
    ADD CONSTRAINT dicom_routes_sender_fkey FOREIGN KEY (sender) REFERENCES portal.dicom_peers(ae_title) ON DELETE CASCADE;

-- Name: dicom_series dicom_series_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_series
    ADD CONSTRAINT dicom_series_report_id_fkey FOREIGN KEY (report_id) REFERENCES portal.dicom_studies(report_id) ON DELETE CASCADE;

-- Name: dicom_studies dicom_studies_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.dicom_studies
    ADD CONSTRAINT dicom_studies_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: drift_references drift_references_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.drift_references
    ADD CONSTRAINT drift_references_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: emergency_accesses emergency_accesses_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.emergency_accesses
    ADD CONSTRAINT emergency_accesses_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: emergency_accesses emergency_accesses_reviewed_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.emergency_accesses
    ADD CONSTRAINT emergency_accesses_reviewed_by_fkey FOREIGN KEY (reviewed_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: emergency_accesses emergency_accesses_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.emergency_accesses
    ADD CONSTRAINT emergency_accesses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: erasures erasures_decided_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.erasures
    ADD CONSTRAINT erasures_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: erasures erasures_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.erasures
    ADD CONSTRAINT erasures_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: erasures erasures_requested_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.erasures
    ADD CONSTRAINT erasures_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: fhir_notices fhir_notices_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.fhir_notices
    ADD CONSTRAINT fhir_notices_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: fhir_notices fhir_notices_subscription_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.fhir_notices
    ADD CONSTRAINT fhir_notices_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES portal.fhir_subscriptions(subscription_id) ON DELETE CASCADE;

-- Name: first_impressions first_impressions_doctor_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.first_impressions
    ADD CONSTRAINT first_impressions_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: first_impressions first_impressions_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.first_impressions
    ADD CONSTRAINT first_impressions_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: history_proposals history_proposals_decided_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.history_proposals
    ADD CONSTRAINT history_proposals_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: history_proposals history_proposals_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.history_proposals
    ADD CONSTRAINT history_proposals_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: hl7_deliveries hl7_deliveries_receiver_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_deliveries
    ADD CONSTRAINT hl7_deliveries_receiver_fkey FOREIGN KEY (receiver) REFERENCES portal.hl7_receivers(name) ON DELETE CASCADE;

-- Name: hl7_deliveries hl7_deliveries_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_deliveries
    ADD CONSTRAINT hl7_deliveries_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: hl7_senders hl7_senders_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.hl7_senders
    ADD CONSTRAINT hl7_senders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

-- Name: identity_confirmations identity_confirmations_doctor_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.identity_confirmations
    ADD CONSTRAINT identity_confirmations_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: identity_confirmations identity_confirmations_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.identity_confirmations
    ADD CONSTRAINT identity_confirmations_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: image_blobs image_blobs_image_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.image_blobs
    ADD CONSTRAINT image_blobs_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.report_images(image_id) ON DELETE CASCADE;

-- Name: inference_records inference_records_image_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.inference_records
    ADD CONSTRAINT inference_records_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.report_images(image_id) ON DELETE CASCADE;

-- Name: inference_records inference_records_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.inference_records
    ADD CONSTRAINT inference_records_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE RESTRICT;

-- Name: inference_records inference_records_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.inference_records
    ADD CONSTRAINT inference_records_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: invitations invitations_invited_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.invitations
    ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: invitations invitations_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.invitations
    ADD CONSTRAINT invitations_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: jobs jobs_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.jobs
    ADD CONSTRAINT jobs_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: legal_holds legal_holds_lifted_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.legal_holds
    ADD CONSTRAINT legal_holds_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: legal_holds legal_holds_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.legal_holds
    ADD CONSTRAINT legal_holds_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: legal_holds legal_holds_set_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.legal_holds
    ADD CONSTRAINT legal_holds_set_by_fkey FOREIGN KEY (set_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: model_alarms model_alarms_acknowledged_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_alarms
    ADD CONSTRAINT model_alarms_acknowledged_by_fkey FOREIGN KEY (acknowledged_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: model_alarms model_alarms_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_alarms
    ADD CONSTRAINT model_alarms_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: model_changes model_changes_changed_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_changes
    ADD CONSTRAINT model_changes_changed_by_fkey FOREIGN KEY (changed_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: model_changes model_changes_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_changes
    ADD CONSTRAINT model_changes_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: model_changes model_changes_replaced_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_changes
    ADD CONSTRAINT model_changes_replaced_model_id_fkey FOREIGN KEY (replaced_model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: model_stages model_stages_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_stages
    ADD CONSTRAINT model_stages_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: model_standings model_standings_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.model_standings
    ADD CONSTRAINT model_standings_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: not_assessed not_assessed_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.not_assessed
    ADD CONSTRAINT not_assessed_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: orders orders_made_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.orders
    ADD CONSTRAINT orders_made_by_fkey FOREIGN KEY (made_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: orders orders_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.orders
    ADD CONSTRAINT orders_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: passkey_challenges passkey_challenges_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.passkey_challenges
    ADD CONSTRAINT passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: passkeys passkeys_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: patient_identifiers patient_identifiers_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.patient_identifiers
    ADD CONSTRAINT patient_identifiers_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: patient_registrations patient_registrations_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.patient_registrations
    ADD CONSTRAINT patient_registrations_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: patient_registrations patient_registrations_registered_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.patient_registrations
    ADD CONSTRAINT patient_registrations_registered_by_fkey FOREIGN KEY (registered_by) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: prior_images prior_images_prior_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_images
    ADD CONSTRAINT prior_images_prior_id_fkey FOREIGN KEY (prior_id) REFERENCES portal.prior_studies(prior_id) ON DELETE CASCADE;

-- Name: prior_searches prior_searches_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_searches
    ADD CONSTRAINT prior_searches_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: prior_studies prior_studies_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.prior_studies
    ADD CONSTRAINT prior_studies_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: program_tokens program_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.program_tokens
    ADD CONSTRAINT program_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: promotions promotions_decided_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.promotions
    ADD CONSTRAINT promotions_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: promotions promotions_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.promotions
    ADD CONSTRAINT promotions_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: promotions promotions_replaces_model_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.promotions
    ADD CONSTRAINT promotions_replaces_model_id_fkey FOREIGN KEY (replaces_model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: promotions promotions_requested_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.promotions
    ADD CONSTRAINT promotions_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: recovery_codes recovery_codes_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: report_annotations report_annotations_doctor_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_annotations
    ADD CONSTRAINT report_annotations_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: report_annotations report_annotations_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_annotations
    ADD CONSTRAINT report_annotations_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: report_claims report_claims_doctor_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_claims
    ADD CONSTRAINT report_claims_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: report_claims report_claims_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_claims
    ADD CONSTRAINT report_claims_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: report_releases report_releases_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_releases
    ADD CONSTRAINT report_releases_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: report_releases report_releases_report_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_releases
    ADD CONSTRAINT report_releases_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: report_releases report_releases_review_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.report_releases
    ADD CONSTRAINT report_releases_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.doctor_reviews(review_id) ON DELETE RESTRICT;

-- Name: review_addenda review_addenda_doctor_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.review_addenda
    ADD CONSTRAINT review_addenda_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: review_addenda review_addenda_review_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.review_addenda
    ADD CONSTRAINT review_addenda_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.doctor_reviews(review_id) ON DELETE RESTRICT;

-- Name: review_verdicts review_verdicts_review_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.review_verdicts
    ADD CONSTRAINT review_verdicts_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.doctor_reviews(review_id) ON DELETE CASCADE;

-- Name: session_proofs session_proofs_session_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.session_proofs
    ADD CONSTRAINT session_proofs_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(session_id) ON DELETE CASCADE;

-- Name: sign_in_challenges sign_in_challenges_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.sign_in_challenges
    ADD CONSTRAINT sign_in_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: single_sign_on_links single_sign_on_links_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.single_sign_on_links
    ADD CONSTRAINT single_sign_on_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: single_sign_on_sessions single_sign_on_sessions_session_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.single_sign_on_sessions
    ADD CONSTRAINT single_sign_on_sessions_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(session_id) ON DELETE CASCADE;

-- Name: totp totp_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.totp
    ADD CONSTRAINT totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: unknown_patients unknown_patients_patient_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.unknown_patients
    ADD CONSTRAINT unknown_patients_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: unknown_patients unknown_patients_resolved_as_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.unknown_patients
    ADD CONSTRAINT unknown_patients_resolved_as_fkey FOREIGN KEY (resolved_as) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: unknown_patients unknown_patients_resolved_by_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.unknown_patients
    ADD CONSTRAINT unknown_patients_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: uploads uploads_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.uploads
    ADD CONSTRAINT uploads_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: verified_addresses verified_addresses_user_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.verified_addresses
    ADD CONSTRAINT verified_addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: wrapped_pictures wrapped_pictures_image_id_fkey; Type: FK CONSTRAINT; Schema: portal; Owner: portal_owner

ALTER TABLE ONLY portal.wrapped_pictures
    ADD CONSTRAINT wrapped_pictures_image_id_fkey FOREIGN KEY (image_id) REFERENCES public.report_images(image_id) ON DELETE CASCADE;

-- Name: ai_analysis ai_analysis_model_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.ai_analysis
    ADD CONSTRAINT ai_analysis_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE RESTRICT;

-- Name: ai_analysis ai_analysis_report_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.ai_analysis
    ADD CONSTRAINT ai_analysis_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: audit_logs audit_logs_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE public.audit_logs
    ADD CONSTRAINT audit_logs_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;

-- Name: doctor_reviews doctor_reviews_doctor_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.doctor_reviews
    ADD CONSTRAINT doctor_reviews_doctor_id_fkey FOREIGN KEY (doctor_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: doctor_reviews doctor_reviews_report_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.doctor_reviews
    ADD CONSTRAINT doctor_reviews_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE RESTRICT;

-- Name: medical_reports medical_reports_patient_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.medical_reports
    ADD CONSTRAINT medical_reports_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: medical_reports medical_reports_radiologist_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.medical_reports
    ADD CONSTRAINT medical_reports_radiologist_id_fkey FOREIGN KEY (radiologist_id) REFERENCES public.users(id) ON DELETE RESTRICT;

-- Name: model_metrics model_metrics_model_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.model_metrics
    ADD CONSTRAINT model_metrics_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.ai_models(model_id) ON DELETE CASCADE;

-- Name: notifications notifications_related_report_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_related_report_id_fkey FOREIGN KEY (related_report_id) REFERENCES public.medical_reports(report_id) ON DELETE SET NULL;

-- Name: notifications notifications_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: patient_medical_history patient_medical_history_patient_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.patient_medical_history
    ADD CONSTRAINT patient_medical_history_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: report_images report_images_report_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.report_images
    ADD CONSTRAINT report_images_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.medical_reports(report_id) ON DELETE CASCADE;

-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: portal_owner

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

-- Name: account_tokens; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.account_tokens ENABLE ROW LEVEL SECURITY;

-- Name: model_alarms acknowledge; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY acknowledge ON portal.model_alarms TO portal_tech USING (true) WITH CHECK ((NOT (acknowledged_by IS DISTINCT FROM ( SELECT portal.actor_id() AS actor_id))));

-- Name: dicom_archives add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.dicom_archives FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_peers add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.dicom_peers FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_result_routes add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.dicom_result_routes FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_routes add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.dicom_routes FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: fhir_subscriptions add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.fhir_subscriptions FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: hl7_receivers add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.hl7_receivers FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: hl7_senders add_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_at_the_command_line ON portal.hl7_senders FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: review_addenda add_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY add_own ON portal.review_addenda FOR INSERT TO portal_doctor WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: events announce; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY announce ON portal.events FOR INSERT TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker WITH CHECK (true);

-- Name: dicom_archives ask; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY ask ON portal.dicom_archives FOR SELECT TO portal_worker USING (true);

-- Name: audit_archives; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.audit_archives ENABLE ROW LEVEL SECURITY;

-- Name: audit_deliveries; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.audit_deliveries ENABLE ROW LEVEL SECURITY;

-- Name: audit_logs_default; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.audit_logs_default ENABLE ROW LEVEL SECURITY;

-- Name: audit_seals; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.audit_seals ENABLE ROW LEVEL SECURITY;

-- Name: backups; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.backups ENABLE ROW LEVEL SECURITY;

-- Name: blob_removals; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.blob_removals ENABLE ROW LEVEL SECURITY;

-- Name: case_scores; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.case_scores ENABLE ROW LEVEL SECURITY;

-- Name: orders change_orders; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY change_orders ON portal.orders FOR UPDATE TO portal_radiologist, portal_doctor USING (true) WITH CHECK (true);

-- Name: report_claims claim; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY claim ON portal.report_claims FOR INSERT TO portal_doctor WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: report_claims clear_claims; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY clear_claims ON portal.report_claims FOR DELETE TO portal_worker USING (true);

-- Name: uploads clear_expired; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY clear_expired ON portal.uploads TO portal_worker USING (true);

-- Name: sign_in_failures clear_failures; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY clear_failures ON portal.sign_in_failures TO portal_tech, portal_worker USING (true);

-- Name: identity_confirmations confirm_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY confirm_own ON portal.identity_confirmations FOR INSERT TO portal_doctor WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: consents; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.consents ENABLE ROW LEVEL SECURITY;

-- Name: correction_requests; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.correction_requests ENABLE ROW LEVEL SECURITY;

-- Name: drift_references count; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY count ON portal.drift_references TO portal_worker USING (true) WITH CHECK (true);

-- Name: model_standings count; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY count ON portal.model_standings TO portal_worker USING (true) WITH CHECK (true);

-- Name: sign_in_failures count_failures; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY count_failures ON portal.sign_in_failures TO portal_anonymous USING ((account_key = ( SELECT portal.sought_key() AS sought_key))) WITH CHECK ((account_key = ( SELECT portal.sought_key() AS sought_key)));

-- Name: correction_requests decide; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY decide ON portal.correction_requests FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech USING (((state = 'open'::text) AND ( SELECT portal.is_privacy_officer() AS is_privacy_officer))) WITH CHECK (((state = ANY (ARRAY['accepted'::text, 'declined'::text])) AND (decided_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: history_proposals decide; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY decide ON portal.history_proposals FOR UPDATE TO portal_doctor USING ((state = 'open'::text)) WITH CHECK (((state = ANY (ARRAY['accepted'::text, 'declined'::text])) AND (decided_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: promotions decide; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY decide ON portal.promotions FOR UPDATE TO portal_doctor, portal_tech USING ((decision IS NULL)) WITH CHECK ((NOT (decided_by IS DISTINCT FROM ( SELECT portal.actor_id() AS actor_id))));

-- Name: correction_requests decide_clinical; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY decide_clinical ON portal.correction_requests FOR UPDATE TO portal_doctor USING (((state = 'open'::text) AND portal.is_clinical_correction(subject))) WITH CHECK (((state = ANY (ARRAY['accepted'::text, 'declined'::text])) AND (decided_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: history_proposals decide_of_those_registered; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY decide_of_those_registered ON portal.history_proposals FOR UPDATE TO portal_radiologist USING (((state = 'open'::text) AND (EXISTS ( SELECT
   FROM portal.patient_registrations g
  WHERE ((g.patient_id = history_proposals.patient_id) AND (g.registered_by = ( SELECT portal.actor_id() AS actor_id))))))) WITH CHECK (((state = ANY (ARRAY['accepted'::text, 'declined'::text])) AND (decided_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: audit_deliveries deliver; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY deliver ON portal.audit_deliveries TO portal_worker USING (true) WITH CHECK (true);

-- Name: dicom_archives; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_archives ENABLE ROW LEVEL SECURITY;

-- Name: dicom_instances; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_instances ENABLE ROW LEVEL SECURITY;

-- Name: dicom_peers; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_peers ENABLE ROW LEVEL SECURITY;

-- Name: dicom_result_routes; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_result_routes ENABLE ROW LEVEL SECURITY;

-- Name: dicom_routes; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_routes ENABLE ROW LEVEL SECURITY;

-- Name: dicom_series; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_series ENABLE ROW LEVEL SECURITY;

-- Name: dicom_studies; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.dicom_studies ENABLE ROW LEVEL SECURITY;

-- Name: correction_requests disagree_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY disagree_own ON portal.correction_requests FOR UPDATE TO portal_patient USING (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'declined'::text) AND (disagreement IS NULL))) WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'declined'::text)));

-- Name: events dispatch; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY dispatch ON portal.events TO portal_worker USING (true);

-- Name: report_annotations draw_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY draw_own ON portal.report_annotations FOR INSERT TO portal_doctor WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: drift_references; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.drift_references ENABLE ROW LEVEL SECURITY;

-- Name: emergency_accesses; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.emergency_accesses ENABLE ROW LEVEL SECURITY;

-- Name: emergency_accesses end_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY end_own ON portal.emergency_accesses FOR UPDATE TO portal_radiologist, portal_tech USING (((user_id = ( SELECT portal.actor_id() AS actor_id)) AND (ended_at IS NULL))) WITH CHECK ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: erasures; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.erasures ENABLE ROW LEVEL SECURITY;

-- Name: events; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.events ENABLE ROW LEVEL SECURITY;

-- Name: fhir_notices; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.fhir_notices ENABLE ROW LEVEL SECURITY;

-- Name: fhir_subscriptions; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.fhir_subscriptions ENABLE ROW LEVEL SECURITY;

-- Name: first_impressions; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.first_impressions ENABLE ROW LEVEL SECURITY;

-- Name: account_tokens hand_over; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY hand_over ON portal.account_tokens TO portal_tech USING ((purpose = 'reset_password'::text)) WITH CHECK ((purpose = 'reset_password'::text));

-- Name: prior_studies have_fetched; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY have_fetched ON portal.prior_studies FOR UPDATE TO portal_doctor USING (true) WITH CHECK ((state = 'fetching'::text));

-- Name: history_proposals; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.history_proposals ENABLE ROW LEVEL SECURITY;

-- Name: hl7_deliveries; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.hl7_deliveries ENABLE ROW LEVEL SECURITY;

-- Name: hl7_receivers; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.hl7_receivers ENABLE ROW LEVEL SECURITY;

-- Name: hl7_senders; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.hl7_senders ENABLE ROW LEVEL SECURITY;

-- Name: identity_confirmations; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.identity_confirmations ENABLE ROW LEVEL SECURITY;

-- Name: image_blobs; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.image_blobs ENABLE ROW LEVEL SECURITY;

-- Name: inference_records; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.inference_records ENABLE ROW LEVEL SECURITY;

-- Name: invitations; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.invitations ENABLE ROW LEVEL SECURITY;

-- Name: invitations invite; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY invite ON portal.invitations TO portal_radiologist, portal_doctor USING (true) WITH CHECK ((invited_by = ( SELECT portal.actor_id() AS actor_id)));

-- Name: jobs; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.jobs ENABLE ROW LEVEL SECURITY;

-- Name: backups keep_backups; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY keep_backups ON portal.backups TO portal_tech, portal_worker USING (true) WITH CHECK (true);

-- Name: legal_holds; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.legal_holds ENABLE ROW LEVEL SECURITY;

-- Name: report_claims let_go; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY let_go ON portal.report_claims FOR DELETE TO portal_doctor USING ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: legal_holds lift_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY lift_as_officer ON portal.legal_holds FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech USING ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (lifted_at IS NULL))) WITH CHECK ((lifted_by = ( SELECT portal.actor_id() AS actor_id)));

-- Name: prior_images look_for_priors; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY look_for_priors ON portal.prior_images TO portal_worker USING (true) WITH CHECK (true);

-- Name: prior_searches look_for_priors; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY look_for_priors ON portal.prior_searches TO portal_worker USING (true) WITH CHECK (true);

-- Name: prior_studies look_for_priors; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY look_for_priors ON portal.prior_studies TO portal_worker USING (true) WITH CHECK (true);

-- Name: program_tokens make_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY make_at_the_command_line ON portal.program_tokens FOR INSERT TO portal_tech WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: patient_identifiers match_patients; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY match_patients ON portal.patient_identifiers TO portal_radiologist, portal_doctor USING (true) WITH CHECK (true);

-- Name: model_alarms; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.model_alarms ENABLE ROW LEVEL SECURITY;

-- Name: model_changes; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.model_changes ENABLE ROW LEVEL SECURITY;

-- Name: model_stages; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.model_stages ENABLE ROW LEVEL SECURITY;

-- Name: model_standings; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.model_standings ENABLE ROW LEVEL SECURITY;

-- Name: not_assessed; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.not_assessed ENABLE ROW LEVEL SECURITY;

-- Name: model_changes note; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY note ON portal.model_changes FOR INSERT TO portal_worker WITH CHECK ((changed_by IS NULL));

-- Name: model_changes note_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY note_own ON portal.model_changes FOR INSERT TO portal_doctor, portal_tech WITH CHECK ((NOT (changed_by IS DISTINCT FROM ( SELECT portal.actor_id() AS actor_id))));

-- Name: identity_confirmations of_own_uploads; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_own_uploads ON portal.identity_confirmations FOR SELECT TO portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = identity_confirmations.report_id))));

-- Name: report_releases of_own_uploads; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_own_uploads ON portal.report_releases FOR SELECT TO portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = report_releases.report_id))));

-- Name: correction_requests of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.correction_requests FOR SELECT TO portal_emergency USING (((disagreement IS NOT NULL) AND (patient_id = ( SELECT portal.emergency_patient() AS emergency_patient))));

-- Name: dicom_instances of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.dicom_instances FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = dicom_instances.image_id))));

-- Name: image_blobs of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.image_blobs FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = image_blobs.image_id))));

-- Name: not_assessed of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.not_assessed FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = not_assessed.report_id))));

-- Name: patient_identifiers of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.patient_identifiers FOR SELECT TO portal_emergency USING ((patient_id = ( SELECT portal.emergency_patient() AS emergency_patient)));

-- Name: review_addenda of_the_emergency; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_the_emergency ON portal.review_addenda FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.doctor_reviews d
  WHERE (d.review_id = review_addenda.review_id))));

-- Name: history_proposals of_those_registered; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY of_those_registered ON portal.history_proposals FOR SELECT TO portal_radiologist USING ((EXISTS ( SELECT
   FROM portal.patient_registrations g
  WHERE ((g.patient_id = history_proposals.patient_id) AND (g.registered_by = ( SELECT portal.actor_id() AS actor_id))))));

-- Name: emergency_accesses open_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY open_own ON portal.emergency_accesses FOR INSERT TO portal_radiologist, portal_tech WITH CHECK (((user_id = ( SELECT portal.actor_id() AS actor_id)) AND (ended_at IS NULL) AND (reviewed_at IS NULL)));

-- Name: orders order_films; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY order_films ON portal.orders FOR INSERT TO portal_radiologist, portal_doctor WITH CHECK ((made_by = ( SELECT portal.actor_id() AS actor_id)));

-- Name: orders; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.orders ENABLE ROW LEVEL SECURITY;

-- Name: case_scores oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.case_scores FOR SELECT TO portal_tech USING (true);

-- Name: consents oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.consents FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (( SELECT portal.is_privacy_officer() AS is_privacy_officer));

-- Name: correction_requests oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.correction_requests FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (( SELECT portal.is_privacy_officer() AS is_privacy_officer));

-- Name: dicom_archives oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.dicom_archives FOR SELECT TO portal_tech USING (true);

-- Name: dicom_peers oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.dicom_peers FOR SELECT TO portal_tech USING (true);

-- Name: dicom_result_routes oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.dicom_result_routes FOR SELECT TO portal_tech USING (true);

-- Name: dicom_routes oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.dicom_routes FOR SELECT TO portal_tech USING (true);

-- Name: drift_references oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.drift_references FOR SELECT TO portal_tech USING (true);

-- Name: emergency_accesses oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.emergency_accesses FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (( SELECT portal.is_privacy_officer() AS is_privacy_officer));

-- Name: erasures oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.erasures FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (( SELECT portal.is_privacy_officer() AS is_privacy_officer));

-- Name: fhir_notices oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.fhir_notices FOR SELECT TO portal_tech USING (true);

-- Name: fhir_subscriptions oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.fhir_subscriptions FOR SELECT TO portal_tech, portal_worker USING (true);

-- Name: hl7_deliveries oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.hl7_deliveries FOR SELECT TO portal_tech USING (true);

-- Name: hl7_receivers oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.hl7_receivers FOR SELECT TO portal_tech, portal_worker USING (true);

-- Name: hl7_senders oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.hl7_senders FOR SELECT TO portal_tech USING (true);

-- Name: inference_records oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.inference_records FOR SELECT TO portal_tech USING (true);

-- Name: legal_holds oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.legal_holds FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (( SELECT portal.is_privacy_officer() AS is_privacy_officer));

-- Name: program_tokens oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.program_tokens FOR SELECT TO portal_tech USING (true);

-- Name: promotions oversee; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY oversee ON portal.promotions FOR SELECT TO portal_tech USING (true);

-- Name: patient_identifiers own_identifiers; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY own_identifiers ON portal.patient_identifiers FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: first_impressions own_impressions; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY own_impressions ON portal.first_impressions TO portal_doctor USING ((doctor_id = ( SELECT portal.actor_id() AS actor_id))) WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: orders own_orders; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY own_orders ON portal.orders FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: report_releases own_releases; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY own_releases ON portal.report_releases FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: uploads own_uploads; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY own_uploads ON portal.uploads TO portal_radiologist USING ((user_id = ( SELECT portal.actor_id() AS actor_id))) WITH CHECK ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: account_tokens owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.account_tokens TO portal_owner USING (true) WITH CHECK (true);

-- Name: audit_archives owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.audit_archives TO portal_owner USING (true) WITH CHECK (true);

-- Name: audit_deliveries owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.audit_deliveries TO portal_owner USING (true) WITH CHECK (true);

-- Name: audit_logs_default owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.audit_logs_default TO portal_owner USING (true) WITH CHECK (true);

-- Name: audit_seals owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.audit_seals TO portal_owner USING (true) WITH CHECK (true);

-- Name: backups owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.backups TO portal_owner USING (true) WITH CHECK (true);

-- Name: blob_removals owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.blob_removals TO portal_owner USING (true) WITH CHECK (true);

-- Name: case_scores owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.case_scores TO portal_owner USING (true) WITH CHECK (true);

-- Name: consents owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.consents TO portal_owner USING (true) WITH CHECK (true);

-- Name: correction_requests owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.correction_requests TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_archives owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_archives TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_instances owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_instances TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_peers owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_peers TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_result_routes owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_result_routes TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_routes owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_routes TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_series owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_series TO portal_owner USING (true) WITH CHECK (true);

-- Name: dicom_studies owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.dicom_studies TO portal_owner USING (true) WITH CHECK (true);

-- Name: drift_references owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.drift_references TO portal_owner USING (true) WITH CHECK (true);

-- Name: emergency_accesses owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.emergency_accesses TO portal_owner USING (true) WITH CHECK (true);

-- Name: erasures owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.erasures TO portal_owner USING (true) WITH CHECK (true);

-- Name: events owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.events TO portal_owner USING (true) WITH CHECK (true);

-- Name: fhir_notices owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.fhir_notices TO portal_owner USING (true) WITH CHECK (true);

-- Name: fhir_subscriptions owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.fhir_subscriptions TO portal_owner USING (true) WITH CHECK (true);

-- Name: first_impressions owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.first_impressions TO portal_owner USING (true) WITH CHECK (true);

-- Name: history_proposals owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.history_proposals TO portal_owner USING (true) WITH CHECK (true);

-- Name: hl7_deliveries owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.hl7_deliveries TO portal_owner USING (true) WITH CHECK (true);

-- Name: hl7_receivers owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.hl7_receivers TO portal_owner USING (true) WITH CHECK (true);

-- Name: hl7_senders owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.hl7_senders TO portal_owner USING (true) WITH CHECK (true);

-- Name: identity_confirmations owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.identity_confirmations TO portal_owner USING (true) WITH CHECK (true);

-- Name: image_blobs owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.image_blobs TO portal_owner USING (true) WITH CHECK (true);

-- Name: inference_records owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.inference_records TO portal_owner USING (true) WITH CHECK (true);

-- Name: invitations owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.invitations TO portal_owner USING (true) WITH CHECK (true);

-- Name: jobs owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.jobs TO portal_owner USING (true) WITH CHECK (true);

-- Name: legal_holds owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.legal_holds TO portal_owner USING (true) WITH CHECK (true);

-- Name: model_alarms owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.model_alarms TO portal_owner USING (true) WITH CHECK (true);

-- Name: model_changes owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.model_changes TO portal_owner USING (true) WITH CHECK (true);

-- Name: model_stages owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.model_stages TO portal_owner USING (true) WITH CHECK (true);

-- Name: model_standings owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.model_standings TO portal_owner USING (true) WITH CHECK (true);

-- Name: not_assessed owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.not_assessed TO portal_owner USING (true) WITH CHECK (true);

-- Name: orders owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.orders TO portal_owner USING (true) WITH CHECK (true);

-- Name: passkey_challenges owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.passkey_challenges TO portal_owner USING (true) WITH CHECK (true);

-- Name: passkeys owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.passkeys TO portal_owner USING (true) WITH CHECK (true);

-- Name: patient_identifiers owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.patient_identifiers TO portal_owner USING (true) WITH CHECK (true);

-- Name: patient_registrations owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.patient_registrations TO portal_owner USING (true) WITH CHECK (true);

-- Name: prior_images owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.prior_images TO portal_owner USING (true) WITH CHECK (true);

-- Name: prior_searches owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.prior_searches TO portal_owner USING (true) WITH CHECK (true);

-- Name: prior_studies owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.prior_studies TO portal_owner USING (true) WITH CHECK (true);

-- Name: program_tokens owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.program_tokens TO portal_owner USING (true) WITH CHECK (true);

-- Name: promotions owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.promotions TO portal_owner USING (true) WITH CHECK (true);

-- Name: recovery_codes owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.recovery_codes TO portal_owner USING (true) WITH CHECK (true);

-- Name: report_annotations owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.report_annotations TO portal_owner USING (true) WITH CHECK (true);

-- Name: report_claims owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.report_claims TO portal_owner USING (true) WITH CHECK (true);

-- Name: report_releases owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.report_releases TO portal_owner USING (true) WITH CHECK (true);

-- Name: review_addenda owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.review_addenda TO portal_owner USING (true) WITH CHECK (true);

-- Name: review_verdicts owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.review_verdicts TO portal_owner USING (true) WITH CHECK (true);

-- Name: schema_floor owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.schema_floor TO portal_owner USING (true) WITH CHECK (true);

-- Name: session_proofs owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.session_proofs TO portal_owner USING (true) WITH CHECK (true);

-- Name: sign_in_challenges owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.sign_in_challenges TO portal_owner USING (true) WITH CHECK (true);

-- Name: sign_in_failures owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.sign_in_failures TO portal_owner USING (true) WITH CHECK (true);

-- Name: single_sign_on_links owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.single_sign_on_links TO portal_owner USING (true) WITH CHECK (true);

-- Name: single_sign_on_sessions owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.single_sign_on_sessions TO portal_owner USING (true) WITH CHECK (true);

-- Name: single_sign_on_starts owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.single_sign_on_starts TO portal_owner USING (true) WITH CHECK (true);

-- Name: totp owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.totp TO portal_owner USING (true) WITH CHECK (true);

-- Name: unknown_patients owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.unknown_patients TO portal_owner USING (true) WITH CHECK (true);

-- Name: uploads owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.uploads TO portal_owner USING (true) WITH CHECK (true);

-- Name: verified_addresses owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.verified_addresses TO portal_owner USING (true) WITH CHECK (true);

-- Name: wrapped_pictures owner_maintains; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY owner_maintains ON portal.wrapped_pictures TO portal_owner USING (true) WITH CHECK (true);

-- Name: passkey_challenges; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.passkey_challenges ENABLE ROW LEVEL SECURITY;

-- Name: passkeys; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.passkeys ENABLE ROW LEVEL SECURITY;

-- Name: patient_identifiers; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.patient_identifiers ENABLE ROW LEVEL SECURITY;

-- Name: patient_registrations; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.patient_registrations ENABLE ROW LEVEL SECURITY;

-- Name: prior_images; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.prior_images ENABLE ROW LEVEL SECURITY;

-- Name: prior_searches; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.prior_searches ENABLE ROW LEVEL SECURITY;

-- Name: prior_studies; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.prior_studies ENABLE ROW LEVEL SECURITY;

-- Name: program_tokens; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.program_tokens ENABLE ROW LEVEL SECURITY;

-- Name: promotions; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.promotions ENABLE ROW LEVEL SECURITY;

-- Name: history_proposals propose_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY propose_own ON portal.history_proposals FOR INSERT TO portal_patient WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text)));

-- Name: jobs queue_work; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY queue_work ON portal.jobs FOR INSERT TO portal_radiologist, portal_doctor WITH CHECK (true);

-- Name: model_alarms raise; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY raise ON portal.model_alarms TO portal_worker USING (true) WITH CHECK (true);

-- Name: model_alarms read_alarms; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_alarms ON portal.model_alarms FOR SELECT TO portal_radiologist, portal_doctor USING (true);

-- Name: dicom_instances read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.dicom_instances FOR SELECT TO portal_doctor, portal_worker USING (true);

-- Name: dicom_series read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.dicom_series FOR SELECT TO portal_doctor USING (true);

-- Name: dicom_studies read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.dicom_studies FOR SELECT TO portal_doctor USING (true);

-- Name: history_proposals read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.history_proposals FOR SELECT TO portal_doctor USING (true);

-- Name: identity_confirmations read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.identity_confirmations FOR SELECT TO portal_doctor USING (true);

-- Name: image_blobs read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.image_blobs FOR SELECT TO portal_doctor, portal_worker USING (true);

-- Name: inference_records read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.inference_records FOR SELECT TO portal_doctor USING ((NOT is_shadow));

-- Name: not_assessed read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.not_assessed FOR SELECT TO portal_doctor USING (true);

-- Name: patient_registrations read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.patient_registrations FOR SELECT TO portal_radiologist, portal_doctor USING (true);

-- Name: prior_images read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.prior_images FOR SELECT TO portal_doctor USING (true);

-- Name: prior_searches read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.prior_searches FOR SELECT TO portal_doctor USING (true);

-- Name: prior_studies read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.prior_studies FOR SELECT TO portal_doctor USING (true);

-- Name: report_annotations read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.report_annotations FOR SELECT TO portal_doctor USING (true);

-- Name: review_addenda read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.review_addenda FOR SELECT TO portal_doctor USING (true);

-- Name: review_verdicts read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.review_verdicts FOR SELECT TO portal_doctor, portal_worker USING (true);

-- Name: wrapped_pictures read_all; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_all ON portal.wrapped_pictures FOR SELECT TO portal_doctor USING (true);

-- Name: audit_archives read_archives; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_archives ON portal.audit_archives FOR SELECT TO portal_tech, portal_worker USING (true);

-- Name: model_changes read_changes; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_changes ON portal.model_changes FOR SELECT TO portal_radiologist, portal_doctor, portal_tech, portal_worker USING (true);

-- Name: correction_requests read_clinical; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_clinical ON portal.correction_requests FOR SELECT TO portal_doctor USING ((portal.is_clinical_correction(subject) OR (requested_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: audit_deliveries read_deliveries; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_deliveries ON portal.audit_deliveries FOR SELECT TO portal_tech USING (true);

-- Name: correction_requests read_disagreements; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_disagreements ON portal.correction_requests FOR SELECT TO portal_doctor USING ((disagreement IS NOT NULL));

-- Name: correction_requests read_disagreements_of_those_seen; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_disagreements_of_those_seen ON portal.correction_requests FOR SELECT TO portal_radiologist USING (((disagreement IS NOT NULL) AND ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.patient_id = correction_requests.patient_id))) OR (EXISTS ( SELECT
   FROM portal.patient_registrations g
  WHERE ((g.patient_id = correction_requests.patient_id) AND (g.registered_by = ( SELECT portal.actor_id() AS actor_id))))))));

-- Name: consents read_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_own ON portal.consents FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: correction_requests read_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_own ON portal.correction_requests FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: emergency_accesses read_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_own ON portal.emergency_accesses FOR SELECT TO portal_radiologist, portal_tech USING ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: history_proposals read_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_own ON portal.history_proposals FOR SELECT TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: promotions read_promotions; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_promotions ON portal.promotions FOR SELECT TO portal_radiologist, portal_doctor, portal_worker USING (true);

-- Name: audit_seals read_seals; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_seals ON portal.audit_seals FOR SELECT TO portal_tech, portal_worker USING (true);

-- Name: model_stages read_stages; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_stages ON portal.model_stages FOR SELECT TO portal_radiologist, portal_doctor USING (true);

-- Name: model_standings read_standings; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY read_standings ON portal.model_standings FOR SELECT TO portal_radiologist, portal_doctor, portal_tech USING (true);

-- Name: consents record_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY record_as_officer ON portal.consents FOR INSERT TO portal_radiologist, portal_doctor, portal_tech WITH CHECK ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (recorded_by = ( SELECT portal.actor_id() AS actor_id)) AND (evidence IS NOT NULL)));

-- Name: consents record_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY record_own ON portal.consents FOR INSERT TO portal_patient WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (recorded_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: recovery_codes; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.recovery_codes ENABLE ROW LEVEL SECURITY;

-- Name: invitations redeem; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY redeem ON portal.invitations TO portal_anonymous USING ((patient_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: report_annotations redraw_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY redraw_own ON portal.report_annotations FOR UPDATE TO portal_doctor USING ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: patient_registrations register_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY register_own ON portal.patient_registrations FOR INSERT TO portal_radiologist, portal_doctor WITH CHECK ((registered_by = ( SELECT portal.actor_id() AS actor_id)));

-- Name: report_releases release; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY release ON portal.report_releases TO portal_doctor USING (true) WITH CHECK (true);

-- Name: report_releases release_when_due; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY release_when_due ON portal.report_releases TO portal_worker USING (true);

-- Name: correction_requests remind; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remind ON portal.correction_requests TO portal_worker USING (true) WITH CHECK (true);

-- Name: emergency_accesses remind; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remind ON portal.emergency_accesses TO portal_worker USING (true) WITH CHECK (true);

-- Name: blob_removals remove; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove ON portal.blob_removals TO portal_worker USING (true) WITH CHECK (true);

-- Name: dicom_archives remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.dicom_archives FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_peers remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.dicom_peers FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_result_routes remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.dicom_result_routes FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: dicom_routes remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.dicom_routes FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: fhir_subscriptions remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.fhir_subscriptions FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: hl7_receivers remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.hl7_receivers FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: hl7_senders remove_at_the_command_line; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY remove_at_the_command_line ON portal.hl7_senders FOR DELETE TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: identity_confirmations renew_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY renew_own ON portal.identity_confirmations FOR UPDATE TO portal_doctor USING ((doctor_id = ( SELECT portal.actor_id() AS actor_id))) WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: report_annotations; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.report_annotations ENABLE ROW LEVEL SECURITY;

-- Name: report_claims; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.report_claims ENABLE ROW LEVEL SECURITY;

-- Name: report_releases; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.report_releases ENABLE ROW LEVEL SECURITY;

-- Name: correction_requests request_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY request_as_officer ON portal.correction_requests FOR INSERT TO portal_radiologist, portal_tech WITH CHECK ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (requested_by = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text)));

-- Name: erasures request_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY request_as_officer ON portal.erasures FOR INSERT TO portal_radiologist, portal_doctor, portal_tech WITH CHECK ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (requested_by = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text)));

-- Name: correction_requests request_for_a_patient; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY request_for_a_patient ON portal.correction_requests FOR INSERT TO portal_doctor WITH CHECK (((requested_by = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text)));

-- Name: correction_requests request_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY request_own ON portal.correction_requests FOR INSERT TO portal_patient WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (requested_by = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text) AND ((report_id IS NULL) OR (EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = correction_requests.report_id))))));

-- Name: promotions request_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY request_own ON portal.promotions FOR INSERT TO portal_tech WITH CHECK (((NOT (requested_by IS DISTINCT FROM ( SELECT portal.actor_id() AS actor_id))) AND (decision IS NULL)));

-- Name: passkeys reset; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY reset ON portal.passkeys TO portal_tech USING (true);

-- Name: recovery_codes reset; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY reset ON portal.recovery_codes TO portal_tech USING (true);

-- Name: sign_in_challenges reset; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY reset ON portal.sign_in_challenges TO portal_tech USING (true);

-- Name: totp reset; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY reset ON portal.totp TO portal_tech USING (true);

-- Name: consents respect; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY respect ON portal.consents FOR SELECT TO portal_worker USING (true);

-- Name: legal_holds respect; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY respect ON portal.legal_holds FOR SELECT TO portal_worker USING (true);

-- Name: emergency_accesses review; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY review ON portal.emergency_accesses FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech USING ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (reviewed_at IS NULL) AND (user_id <> ( SELECT portal.actor_id() AS actor_id)))) WITH CHECK ((reviewed_by = ( SELECT portal.actor_id() AS actor_id)));

-- Name: review_addenda; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.review_addenda ENABLE ROW LEVEL SECURITY;

-- Name: review_verdicts; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.review_verdicts ENABLE ROW LEVEL SECURITY;

-- Name: program_tokens revoke; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY revoke ON portal.program_tokens FOR UPDATE TO portal_tech USING ((revoked_at IS NULL)) WITH CHECK ((revoked_at IS NOT NULL));

-- Name: jobs run_jobs; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY run_jobs ON portal.jobs TO portal_tech, portal_worker USING (true) WITH CHECK (true);

-- Name: model_stages run_stages; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY run_stages ON portal.model_stages TO portal_tech, portal_worker USING (true) WITH CHECK (true);

-- Name: schema_floor; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.schema_floor ENABLE ROW LEVEL SECURITY;

-- Name: case_scores score; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY score ON portal.case_scores TO portal_worker USING (true) WITH CHECK (true);

-- Name: inference_records score; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY score ON portal.inference_records TO portal_worker USING (true) WITH CHECK (true);

-- Name: not_assessed score; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY score ON portal.not_assessed TO portal_worker USING (true) WITH CHECK (true);

-- Name: audit_seals seal; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY seal ON portal.audit_seals FOR INSERT TO portal_worker WITH CHECK (true);

-- Name: fhir_subscriptions seal_anew; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY seal_anew ON portal.fhir_subscriptions FOR UPDATE TO portal_worker USING (true) WITH CHECK (true);

-- Name: report_claims see_claims; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY see_claims ON portal.report_claims FOR SELECT TO portal_doctor, portal_worker USING (true);

-- Name: dicom_instances send_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_in ON portal.dicom_instances FOR INSERT TO portal_radiologist WITH CHECK ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = dicom_instances.image_id))));

-- Name: image_blobs send_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_in ON portal.image_blobs FOR INSERT TO portal_radiologist WITH CHECK ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = image_blobs.image_id))));

-- Name: unknown_patients send_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_in ON portal.unknown_patients FOR INSERT TO portal_radiologist WITH CHECK ((resolved_at IS NULL));

-- Name: dicom_studies send_results; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_results ON portal.dicom_studies FOR SELECT TO portal_worker USING (true);

-- Name: hl7_deliveries send_results; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_results ON portal.hl7_deliveries TO portal_worker USING (true) WITH CHECK (true);

-- Name: orders send_results; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_results ON portal.orders FOR SELECT TO portal_worker USING (true);

-- Name: patient_identifiers send_results; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_results ON portal.patient_identifiers FOR SELECT TO portal_worker USING (true);

-- Name: review_addenda send_results; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY send_results ON portal.review_addenda FOR SELECT TO portal_worker USING (true);

-- Name: session_proofs; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.session_proofs ENABLE ROW LEVEL SECURITY;

-- Name: legal_holds set_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY set_as_officer ON portal.legal_holds FOR INSERT TO portal_radiologist, portal_doctor, portal_tech WITH CHECK ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (set_by = ( SELECT portal.actor_id() AS actor_id)) AND (lifted_at IS NULL)));

-- Name: account_tokens sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.account_tokens TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: passkey_challenges sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.passkey_challenges TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: passkeys sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.passkeys TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: recovery_codes sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.recovery_codes TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: session_proofs sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.session_proofs TO portal_anonymous USING ((EXISTS ( SELECT
   FROM public.sessions s
  WHERE (s.session_id = session_proofs.session_id)))) WITH CHECK ((EXISTS ( SELECT
   FROM public.sessions s
  WHERE (s.session_id = session_proofs.session_id))));

-- Name: sign_in_challenges sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.sign_in_challenges TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: single_sign_on_links sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.single_sign_on_links TO portal_tech USING ((( SELECT portal.actor_id() AS actor_id) IS NULL)) WITH CHECK ((( SELECT portal.actor_id() AS actor_id) IS NULL));

-- Name: single_sign_on_sessions sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.single_sign_on_sessions TO portal_anonymous USING (true) WITH CHECK (true);

-- Name: single_sign_on_starts sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.single_sign_on_starts TO portal_anonymous USING (true) WITH CHECK (true);

-- Name: totp sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.totp TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: verified_addresses sign_in; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in ON portal.verified_addresses TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: sign_in_challenges; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.sign_in_challenges ENABLE ROW LEVEL SECURITY;

-- Name: sign_in_failures; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.sign_in_failures ENABLE ROW LEVEL SECURITY;

-- Name: passkey_challenges sign_in_of_whoever; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY sign_in_of_whoever ON portal.passkey_challenges TO portal_anonymous USING ((user_id IS NULL)) WITH CHECK ((user_id IS NULL));

-- Name: single_sign_on_links; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.single_sign_on_links ENABLE ROW LEVEL SECURITY;

-- Name: single_sign_on_sessions; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.single_sign_on_sessions ENABLE ROW LEVEL SECURITY;

-- Name: single_sign_on_starts; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.single_sign_on_starts ENABLE ROW LEVEL SECURITY;

-- Name: orders staff_knows_orders; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY staff_knows_orders ON portal.orders FOR SELECT TO portal_radiologist, portal_doctor USING (true);

-- Name: unknown_patients staff_knows_patients; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY staff_knows_patients ON portal.unknown_patients FOR SELECT TO portal_radiologist, portal_doctor USING (true);

-- Name: report_claims take_over; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY take_over ON portal.report_claims FOR UPDATE TO portal_doctor USING (((doctor_id = ( SELECT portal.actor_id() AS actor_id)) OR (expires_at <= portal.present()))) WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: fhir_notices tell; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY tell ON portal.fhir_notices TO portal_worker USING (true) WITH CHECK (true);

-- Name: totp; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.totp ENABLE ROW LEVEL SECURITY;

-- Name: unknown_patients; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.unknown_patients ENABLE ROW LEVEL SECURITY;

-- Name: uploads; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.uploads ENABLE ROW LEVEL SECURITY;

-- Name: verified_addresses; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.verified_addresses ENABLE ROW LEVEL SECURITY;

-- Name: dicom_instances with_its_image; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_image ON portal.dicom_instances FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = dicom_instances.image_id))));

-- Name: image_blobs with_its_image; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_image ON portal.image_blobs FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = image_blobs.image_id))));

-- Name: wrapped_pictures with_its_image; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_image ON portal.wrapped_pictures FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.report_images i
  WHERE (i.image_id = wrapped_pictures.image_id))));

-- Name: prior_images with_its_prior; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_prior ON portal.prior_images FOR SELECT TO portal_patient USING ((EXISTS ( SELECT
   FROM portal.prior_studies p
  WHERE (p.prior_id = prior_images.prior_id))));

-- Name: dicom_series with_its_report; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_report ON portal.dicom_series FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = dicom_series.report_id))));

-- Name: dicom_studies with_its_report; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_report ON portal.dicom_studies FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = dicom_studies.report_id))));

-- Name: inference_records with_its_report; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_report ON portal.inference_records FOR SELECT TO portal_patient, portal_radiologist USING (((NOT is_shadow) AND (EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = inference_records.report_id)))));

-- Name: not_assessed with_its_report; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_report ON portal.not_assessed FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = not_assessed.report_id))));

-- Name: prior_studies with_its_report; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_report ON portal.prior_studies FOR SELECT TO portal_patient USING (((doubts = '{}'::text[]) AND (EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = prior_studies.report_id)))));

-- Name: review_addenda with_its_review; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_its_review ON portal.review_addenda FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.doctor_reviews d
  WHERE (d.review_id = review_addenda.review_id))));

-- Name: review_verdicts with_own_review; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY with_own_review ON portal.review_verdicts FOR INSERT TO portal_doctor WITH CHECK ((EXISTS ( SELECT
   FROM public.doctor_reviews d
  WHERE ((d.review_id = review_verdicts.review_id) AND (d.doctor_id = ( SELECT portal.actor_id() AS actor_id))))));

-- Name: erasures withdraw_as_officer; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY withdraw_as_officer ON portal.erasures FOR UPDATE TO portal_radiologist, portal_doctor, portal_tech USING ((( SELECT portal.is_privacy_officer() AS is_privacy_officer) AND (state = 'open'::text))) WITH CHECK (((state = 'withdrawn'::text) AND (decided_by = ( SELECT portal.actor_id() AS actor_id))));

-- Name: correction_requests withdraw_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY withdraw_own ON portal.correction_requests FOR UPDATE TO portal_patient USING (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text))) WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'withdrawn'::text)));

-- Name: history_proposals withdraw_own; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY withdraw_own ON portal.history_proposals FOR UPDATE TO portal_patient USING (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'open'::text))) WITH CHECK (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (state = 'withdrawn'::text)));

-- Name: dicom_instances wrap; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY wrap ON portal.dicom_instances FOR INSERT TO portal_worker WITH CHECK ((EXISTS ( SELECT
   FROM portal.wrapped_pictures w
  WHERE (w.image_id = dicom_instances.image_id))));

-- Name: wrapped_pictures wrap; Type: POLICY; Schema: portal; Owner: portal_owner

CREATE POLICY wrap ON portal.wrapped_pictures TO portal_worker USING (true) WITH CHECK (true);

-- Name: wrapped_pictures; Type: ROW SECURITY; Schema: portal; Owner: portal_owner

ALTER TABLE portal.wrapped_pictures ENABLE ROW LEVEL SECURITY;

-- Name: ai_analysis; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.ai_analysis ENABLE ROW LEVEL SECURITY;

-- Name: ai_models; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.ai_models ENABLE ROW LEVEL SECURITY;

-- Name: audit_logs append; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY append ON public.audit_logs FOR INSERT TO portal_anonymous, portal_worker WITH CHECK (true);

-- Name: audit_logs append_own; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY append_own ON public.audit_logs FOR INSERT TO portal_patient, portal_radiologist, portal_doctor WITH CHECK ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: audit_logs append_own_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY append_own_emergency ON public.audit_logs FOR INSERT TO portal_emergency WITH CHECK ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: audit_logs append_own_or_command_line; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY append_own_or_command_line ON public.audit_logs FOR INSERT TO portal_tech WITH CHECK ((NOT (user_id IS DISTINCT FROM ( SELECT portal.actor_id() AS actor_id))));

-- Name: audit_logs; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.audit_logs ENABLE ROW LEVEL SECURITY;

-- Name: users change_own_account; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY change_own_account ON public.users FOR UPDATE TO portal_patient USING ((id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: doctor_reviews change_own_draft; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY change_own_draft ON public.doctor_reviews FOR UPDATE TO portal_doctor USING (((doctor_id = ( SELECT portal.actor_id() AS actor_id)) AND (reviewed_at IS NULL))) WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: users change_patients_and_own_account; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY change_patients_and_own_account ON public.users FOR UPDATE TO portal_radiologist, portal_doctor USING (((role = 'patient'::text) OR (id = ( SELECT portal.actor_id() AS actor_id))));

-- Name: sessions clear_expired; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY clear_expired ON public.sessions TO portal_worker USING (true);

-- Name: notifications deliver; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY deliver ON public.notifications TO portal_worker USING (true);

-- Name: doctor_reviews; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.doctor_reviews ENABLE ROW LEVEL SECURITY;

-- Name: doctor_reviews drop_own_draft; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY drop_own_draft ON public.doctor_reviews FOR DELETE TO portal_doctor USING (((doctor_id = ( SELECT portal.actor_id() AS actor_id)) AND (reviewed_at IS NULL)));

-- Name: sessions end_sessions; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY end_sessions ON public.sessions TO portal_tech USING (true);

-- Name: patient_medical_history keep_history; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY keep_history ON public.patient_medical_history TO portal_doctor USING (true) WITH CHECK (true);

-- Name: patient_medical_history keep_of_those_registered; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY keep_of_those_registered ON public.patient_medical_history TO portal_radiologist USING ((EXISTS ( SELECT
   FROM portal.patient_registrations g
  WHERE ((g.patient_id = patient_medical_history.patient_id) AND (g.registered_by = ( SELECT portal.actor_id() AS actor_id)))))) WITH CHECK ((EXISTS ( SELECT
   FROM portal.patient_registrations g
  WHERE ((g.patient_id = patient_medical_history.patient_id) AND (g.registered_by = ( SELECT portal.actor_id() AS actor_id))))));

-- Name: users know_recipients; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY know_recipients ON public.users FOR SELECT TO portal_worker USING (true);

-- Name: doctor_reviews measure; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY measure ON public.doctor_reviews FOR SELECT TO portal_worker USING ((reviewed_at IS NOT NULL));

-- Name: medical_reports; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.medical_reports ENABLE ROW LEVEL SECURITY;

-- Name: model_metrics; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.model_metrics ENABLE ROW LEVEL SECURITY;

-- Name: notifications; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.notifications ENABLE ROW LEVEL SECURITY;

-- Name: notifications notify; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY notify ON public.notifications FOR INSERT TO portal_radiologist, portal_doctor, portal_tech, portal_worker WITH CHECK (true);

-- Name: patient_medical_history of_own_uploads; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_own_uploads ON public.patient_medical_history FOR SELECT TO portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.patient_id = patient_medical_history.patient_id))));

-- Name: ai_analysis of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.ai_analysis FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = ai_analysis.report_id))));

-- Name: doctor_reviews of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.doctor_reviews FOR SELECT TO portal_emergency USING (((reviewed_at IS NOT NULL) AND (EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = doctor_reviews.report_id)))));

-- Name: medical_reports of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.medical_reports FOR SELECT TO portal_emergency USING ((patient_id = ( SELECT portal.emergency_patient() AS emergency_patient)));

-- Name: patient_medical_history of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.patient_medical_history FOR SELECT TO portal_emergency USING ((patient_id = ( SELECT portal.emergency_patient() AS emergency_patient)));

-- Name: report_images of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.report_images FOR SELECT TO portal_emergency USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = report_images.report_id))));

-- Name: users of_the_emergency; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY of_the_emergency ON public.users FOR SELECT TO portal_emergency USING ((id = ( SELECT portal.emergency_patient() AS emergency_patient)));

-- Name: sessions open_and_check; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY open_and_check ON public.sessions TO portal_anonymous USING ((user_id = ( SELECT portal.sought_account() AS sought_account))) WITH CHECK ((user_id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: users own_account; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_account ON public.users FOR SELECT TO portal_patient USING ((id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: patient_medical_history own_history; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_history ON public.patient_medical_history TO portal_patient USING ((patient_id = ( SELECT portal.actor_id() AS actor_id))) WITH CHECK ((patient_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: notifications own_notifications; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_notifications ON public.notifications FOR SELECT TO portal_patient, portal_radiologist, portal_doctor, portal_tech USING ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: medical_reports own_released; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_released ON public.medical_reports FOR SELECT TO portal_patient USING (((patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (report_id IN ( SELECT x.report_id
   FROM portal.report_releases x
  WHERE ((x.patient_id = ( SELECT portal.actor_id() AS actor_id)) AND (x.released_at IS NOT NULL))))));

-- Name: sessions own_sessions; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_sessions ON public.sessions TO portal_patient, portal_radiologist, portal_doctor USING ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: medical_reports own_uploads; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY own_uploads ON public.medical_reports TO portal_radiologist USING ((radiologist_id = ( SELECT portal.actor_id() AS actor_id))) WITH CHECK ((radiologist_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: ai_analysis owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.ai_analysis TO portal_owner USING (true) WITH CHECK (true);

-- Name: ai_models owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.ai_models TO portal_owner USING (true) WITH CHECK (true);

-- Name: audit_logs owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.audit_logs TO portal_owner USING (true) WITH CHECK (true);

-- Name: doctor_reviews owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.doctor_reviews TO portal_owner USING (true) WITH CHECK (true);

-- Name: medical_reports owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.medical_reports TO portal_owner USING (true) WITH CHECK (true);

-- Name: model_metrics owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.model_metrics TO portal_owner USING (true) WITH CHECK (true);

-- Name: notifications owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.notifications TO portal_owner USING (true) WITH CHECK (true);

-- Name: patient_medical_history owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.patient_medical_history TO portal_owner USING (true) WITH CHECK (true);

-- Name: report_images owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.report_images TO portal_owner USING (true) WITH CHECK (true);

-- Name: sessions owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.sessions TO portal_owner USING (true) WITH CHECK (true);

-- Name: system_settings owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.system_settings TO portal_owner USING (true) WITH CHECK (true);

-- Name: users owner_maintains; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY owner_maintains ON public.users TO portal_owner USING (true) WITH CHECK (true);

-- Name: patient_medical_history; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.patient_medical_history ENABLE ROW LEVEL SECURITY;

-- Name: users patients_and_own_account; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY patients_and_own_account ON public.users FOR SELECT TO portal_radiologist, portal_doctor USING (((role = 'patient'::text) OR (id = ( SELECT portal.actor_id() AS actor_id))));

-- Name: ai_analysis read_all; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_all ON public.ai_analysis FOR SELECT TO portal_doctor USING (true);

-- Name: medical_reports read_all; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_all ON public.medical_reports FOR SELECT TO portal_doctor USING (true);

-- Name: report_images read_all; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_all ON public.report_images FOR SELECT TO portal_doctor USING (true);

-- Name: model_metrics read_metrics; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_metrics ON public.model_metrics FOR SELECT TO portal_radiologist, portal_doctor, portal_tech, portal_worker USING (true);

-- Name: ai_models read_models; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_models ON public.ai_models FOR SELECT TO portal_radiologist, portal_doctor, portal_worker USING (true);

-- Name: system_settings read_open_settings; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_open_settings ON public.system_settings FOR SELECT TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_worker USING ((NOT is_sensitive));

-- Name: notifications read_own_notifications; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_own_notifications ON public.notifications FOR UPDATE TO portal_patient, portal_radiologist, portal_doctor, portal_tech USING ((user_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: audit_logs read_to_seal; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_to_seal ON public.audit_logs FOR SELECT TO portal_worker USING (true);

-- Name: audit_logs read_trail; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY read_trail ON public.audit_logs FOR SELECT TO portal_tech USING (true);

-- Name: users register_patients; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY register_patients ON public.users FOR INSERT TO portal_radiologist, portal_doctor WITH CHECK (((role = 'patient'::text) AND (password_hash IS NULL)));

-- Name: report_images; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.report_images ENABLE ROW LEVEL SECURITY;

-- Name: users run_accounts; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY run_accounts ON public.users TO portal_tech USING ((role <> 'patient'::text)) WITH CHECK (true);

-- Name: ai_models run_models; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY run_models ON public.ai_models TO portal_tech USING (true) WITH CHECK (true);

-- Name: system_settings run_settings; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY run_settings ON public.system_settings TO portal_tech USING (true) WITH CHECK (true);

-- Name: ai_analysis score; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY score ON public.ai_analysis TO portal_worker USING (true) WITH CHECK (true);

-- Name: medical_reports score; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY score ON public.medical_reports FOR SELECT TO portal_worker USING (true);

-- Name: report_images score; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY score ON public.report_images TO portal_worker USING (true) WITH CHECK (true);

-- Name: medical_reports score_update; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY score_update ON public.medical_reports FOR UPDATE TO portal_worker USING (true);

-- Name: report_images send_in; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY send_in ON public.report_images FOR INSERT TO portal_radiologist WITH CHECK ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = report_images.report_id))));

-- Name: sessions; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

-- Name: medical_reports sign; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY sign ON public.medical_reports FOR UPDATE TO portal_doctor USING (true);

-- Name: users sign_in; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY sign_in ON public.users FOR SELECT TO portal_anonymous USING ((id = ( SELECT portal.sought_account() AS sought_account)));

-- Name: users sign_in_note; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY sign_in_note ON public.users FOR UPDATE TO portal_anonymous USING ((is_active AND (id = ( SELECT portal.sought_account() AS sought_account))));

-- Name: users sign_up; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY sign_up ON public.users FOR INSERT TO portal_anonymous WITH CHECK ((role = 'patient'::text));

-- Name: doctor_reviews signed_and_own; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY signed_and_own ON public.doctor_reviews FOR SELECT TO portal_doctor USING (((reviewed_at IS NOT NULL) OR (doctor_id = ( SELECT portal.actor_id() AS actor_id))));

-- Name: doctor_reviews signed_of_seen_reports; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY signed_of_seen_reports ON public.doctor_reviews FOR SELECT TO portal_patient, portal_radiologist USING (((reviewed_at IS NOT NULL) AND (EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = doctor_reviews.report_id)))));

-- Name: system_settings; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.system_settings ENABLE ROW LEVEL SECURITY;

-- Name: users; Type: ROW SECURITY; Schema: public; Owner: portal_owner

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

-- Name: ai_analysis with_its_report; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY with_its_report ON public.ai_analysis FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = ai_analysis.report_id))));

-- Name: report_images with_its_report; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY with_its_report ON public.report_images FOR SELECT TO portal_patient, portal_radiologist USING ((EXISTS ( SELECT
   FROM public.medical_reports r
  WHERE (r.report_id = report_images.report_id))));

-- Name: model_metrics write_metrics; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY write_metrics ON public.model_metrics FOR INSERT TO portal_tech, portal_worker WITH CHECK (true);

-- Name: doctor_reviews write_own; Type: POLICY; Schema: public; Owner: portal_owner

CREATE POLICY write_own ON public.doctor_reviews FOR INSERT TO portal_doctor WITH CHECK ((doctor_id = ( SELECT portal.actor_id() AS actor_id)));

-- Name: SCHEMA portal; Type: ACL; Schema: -; Owner: portal_owner

GRANT USAGE ON SCHEMA portal TO portal_anonymous;
GRANT USAGE ON SCHEMA portal TO portal_patient;
GRANT USAGE ON SCHEMA portal TO portal_radiologist;
GRANT USAGE ON SCHEMA portal TO portal_doctor;
GRANT USAGE ON SCHEMA portal TO portal_tech;
GRANT USAGE ON SCHEMA portal TO portal_worker;
GRANT USAGE ON SCHEMA portal TO portal_emergency;

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner

GRANT ALL ON SCHEMA public TO portal_owner;
GRANT USAGE ON SCHEMA public TO portal_anonymous;
GRANT USAGE ON SCHEMA public TO portal_patient;
GRANT USAGE ON SCHEMA public TO portal_radiologist;
GRANT USAGE ON SCHEMA public TO portal_doctor;
GRANT USAGE ON SCHEMA public TO portal_tech;
GRANT USAGE ON SCHEMA public TO portal_emergency;
GRANT USAGE ON SCHEMA public TO portal_worker;

-- Name: FUNCTION accesses_to_own_record(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.accesses_to_own_record() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.accesses_to_own_record() TO portal_patient;

-- Name: FUNCTION accesses_to_record(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.accesses_to_record(patient uuid) FROM PUBLIC;

-- Name: FUNCTION account_at(address text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.account_at(address text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.account_at(address text) TO portal_tech;

-- Name: FUNCTION account_of(kind text, given text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.account_of(kind text, given text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.account_of(kind text, given text) TO portal_anonymous;

-- Name: FUNCTION accounts_beyond(before timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.accounts_beyond(before timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION active_doctors(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.active_doctors() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.active_doctors() TO portal_radiologist;
GRANT ALL ON FUNCTION portal.active_doctors() TO portal_worker;
GRANT ALL ON FUNCTION portal.active_doctors() TO portal_tech;
GRANT ALL ON FUNCTION portal.active_doctors() TO portal_doctor;

-- Name: FUNCTION active_tech(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.active_tech() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.active_tech() TO portal_radiologist;
GRANT ALL ON FUNCTION portal.active_tech() TO portal_worker;
GRANT ALL ON FUNCTION portal.active_tech() TO portal_tech;
GRANT ALL ON FUNCTION portal.active_tech() TO portal_doctor;

-- Name: FUNCTION carry_out_promotion(promotion uuid, at timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.carry_out_promotion(promotion uuid, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.carry_out_promotion(promotion uuid, at timestamp with time zone) TO portal_tech;
GRANT ALL ON FUNCTION portal.carry_out_promotion(promotion uuid, at timestamp with time zone) TO portal_doctor;

-- Name: FUNCTION change_patient_account(patient uuid, active boolean, hash text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.change_patient_account(patient uuid, active boolean, hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.change_patient_account(patient uuid, active boolean, hash text) TO portal_tech;

-- Name: FUNCTION colleagues(wanted uuid[]); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.colleagues(wanted uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.colleagues(wanted uuid[]) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.colleagues(wanted uuid[]) TO portal_doctor;

-- Name: FUNCTION content_digest(report uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.content_digest(report uuid) FROM PUBLIC;

-- Name: FUNCTION content_faults(since timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.content_faults(since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.content_faults(since timestamp with time zone) TO portal_tech;

-- Name: FUNCTION correct_patient_address(patient uuid, address portal.citext); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) TO portal_doctor;

-- Name: FUNCTION count_beyond(reports_before timestamp with time zone, accounts_before timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.count_beyond(reports_before timestamp with time zone, accounts_before timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.count_beyond(reports_before timestamp with time zone, accounts_before timestamp with time zone) TO portal_tech;

-- Name: FUNCTION create_audit_partition(month date); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.create_audit_partition(month date) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.create_audit_partition(month date) TO portal_worker;

-- Name: FUNCTION dicom_destination(title text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.dicom_destination(title text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.dicom_destination(title text) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.dicom_destination(title text) TO portal_doctor;
GRANT ALL ON FUNCTION portal.dicom_destination(title text) TO portal_worker;

-- Name: FUNCTION dicom_peer_of(title text, peer inet, present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION dicom_result_routes_of(report uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.dicom_result_routes_of(report uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.dicom_result_routes_of(report uuid) TO portal_doctor;

-- Name: FUNCTION dicom_routes_of(images uuid[]); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.dicom_routes_of(images uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.dicom_routes_of(images uuid[]) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.dicom_routes_of(images uuid[]) TO portal_worker;

-- Name: FUNCTION emergency_patient(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.emergency_patient() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.emergency_patient() TO portal_emergency;

-- Name: FUNCTION erasable_from(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.erasable_from(patient uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.erasable_from(patient uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.erasable_from(patient uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.erasable_from(patient uuid) TO portal_tech;

-- Name: FUNCTION erase_patient(erasure uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.erase_patient(erasure uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.erase_patient(erasure uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.erase_patient(erasure uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.erase_patient(erasure uuid) TO portal_tech;

-- Name: FUNCTION find_image_by_digest(digest bytea); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.find_image_by_digest(digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.find_image_by_digest(digest bytea) TO portal_radiologist;

-- Name: FUNCTION find_report_by_study(uid text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.find_report_by_study(uid text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.find_report_by_study(uid text) TO portal_radiologist;

-- Name: FUNCTION forget_passkey_challenges_not_answered(present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.forget_passkey_challenges_not_answered(present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.forget_passkey_challenges_not_answered(present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION forget_sign_ins_given_up(present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.forget_sign_ins_given_up(present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.forget_sign_ins_given_up(present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION hand_password_code_over(account uuid, digest text, until timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.hand_password_code_over(account uuid, digest text, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.hand_password_code_over(account uuid, digest text, until timestamp with time zone) TO portal_tech;

-- Name: FUNCTION has_fhir_subscriptions(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.has_fhir_subscriptions() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.has_fhir_subscriptions() TO portal_doctor;

-- Name: FUNCTION has_hl7_receivers(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.has_hl7_receivers() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.has_hl7_receivers() TO portal_doctor;

-- Name: FUNCTION hl7_sender_of(sender text, peer inet, present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.hl7_sender_of(sender text, peer inet, present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.hl7_sender_of(sender text, peer inet, present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION index_dicom_instance(image uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.index_dicom_instance(image uuid) FROM PUBLIC;

-- Name: FUNCTION index_new_dicom_instance(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.index_new_dicom_instance() FROM PUBLIC;

-- Name: FUNCTION is_clinical_correction(subject text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_clinical_correction(subject text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.is_clinical_correction(subject text) TO portal_patient;
GRANT ALL ON FUNCTION portal.is_clinical_correction(subject text) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.is_clinical_correction(subject text) TO portal_doctor;
GRANT ALL ON FUNCTION portal.is_clinical_correction(subject text) TO portal_tech;
GRANT ALL ON FUNCTION portal.is_clinical_correction(subject text) TO portal_worker;

-- Name: FUNCTION is_held(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_held(patient uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.is_held(patient uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.is_held(patient uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.is_held(patient uuid) TO portal_tech;

-- Name: FUNCTION is_hl7_sender(peer inet); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_hl7_sender(peer inet) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.is_hl7_sender(peer inet) TO portal_anonymous;

-- Name: FUNCTION is_patient_for_officer(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_patient_for_officer(patient uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.is_patient_for_officer(patient uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.is_patient_for_officer(patient uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.is_patient_for_officer(patient uuid) TO portal_tech;

-- Name: FUNCTION is_privacy_officer(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_privacy_officer() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.is_privacy_officer() TO portal_radiologist;
GRANT ALL ON FUNCTION portal.is_privacy_officer() TO portal_doctor;
GRANT ALL ON FUNCTION portal.is_privacy_officer() TO portal_tech;

-- Name: TABLE users; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE public.users TO portal_anonymous;
GRANT INSERT ON TABLE public.users TO portal_radiologist;
GRANT INSERT ON TABLE public.users TO portal_doctor;
GRANT INSERT ON TABLE public.users TO portal_tech;

-- Name: COLUMN users.id; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(id) ON TABLE public.users TO portal_patient;
GRANT SELECT(id) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(id) ON TABLE public.users TO portal_doctor;
GRANT SELECT(id) ON TABLE public.users TO portal_tech;
GRANT SELECT(id) ON TABLE public.users TO portal_worker;
GRANT SELECT(id) ON TABLE public.users TO portal_emergency;

-- Name: COLUMN users.email; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(email) ON TABLE public.users TO portal_patient;
GRANT SELECT(email) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(email) ON TABLE public.users TO portal_doctor;
GRANT SELECT(email),UPDATE(email) ON TABLE public.users TO portal_tech;
GRANT SELECT(email) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.password_hash; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(password_hash) ON TABLE public.users TO portal_anonymous;
GRANT UPDATE(password_hash) ON TABLE public.users TO portal_tech;

-- Name: COLUMN users.role; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(role) ON TABLE public.users TO portal_patient;
GRANT SELECT(role) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(role) ON TABLE public.users TO portal_doctor;
GRANT SELECT(role),UPDATE(role) ON TABLE public.users TO portal_tech;
GRANT SELECT(role) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.name; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(name),UPDATE(name) ON TABLE public.users TO portal_patient;
GRANT SELECT(name),UPDATE(name) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(name),UPDATE(name) ON TABLE public.users TO portal_doctor;
GRANT SELECT(name),UPDATE(name) ON TABLE public.users TO portal_tech;
GRANT SELECT(name) ON TABLE public.users TO portal_worker;
GRANT SELECT(name) ON TABLE public.users TO portal_emergency;

-- Name: COLUMN users.phone; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(phone),UPDATE(phone) ON TABLE public.users TO portal_patient;
GRANT SELECT(phone),UPDATE(phone) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(phone),UPDATE(phone) ON TABLE public.users TO portal_doctor;
GRANT SELECT(phone) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.date_of_birth; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(date_of_birth),UPDATE(date_of_birth) ON TABLE public.users TO portal_patient;
GRANT SELECT(date_of_birth),UPDATE(date_of_birth) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(date_of_birth),UPDATE(date_of_birth) ON TABLE public.users TO portal_doctor;
GRANT SELECT(date_of_birth) ON TABLE public.users TO portal_emergency;
GRANT SELECT(date_of_birth) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.profile_picture_url; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(profile_picture_url),UPDATE(profile_picture_url) ON TABLE public.users TO portal_patient;
GRANT SELECT(profile_picture_url),UPDATE(profile_picture_url) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(profile_picture_url),UPDATE(profile_picture_url) ON TABLE public.users TO portal_doctor;
GRANT SELECT(profile_picture_url),UPDATE(profile_picture_url) ON TABLE public.users TO portal_tech;

-- Name: COLUMN users.preferences; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(preferences),UPDATE(preferences) ON TABLE public.users TO portal_patient;
GRANT SELECT(preferences),UPDATE(preferences) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(preferences),UPDATE(preferences) ON TABLE public.users TO portal_doctor;
GRANT SELECT(preferences),UPDATE(preferences) ON TABLE public.users TO portal_tech;
GRANT SELECT(preferences) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.is_active; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(is_active) ON TABLE public.users TO portal_patient;
GRANT SELECT(is_active) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(is_active) ON TABLE public.users TO portal_doctor;
GRANT SELECT(is_active),UPDATE(is_active) ON TABLE public.users TO portal_tech;
GRANT SELECT(is_active) ON TABLE public.users TO portal_worker;

-- Name: COLUMN users.last_login_at; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(last_login_at) ON TABLE public.users TO portal_anonymous;
GRANT SELECT(last_login_at) ON TABLE public.users TO portal_patient;
GRANT SELECT(last_login_at) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(last_login_at) ON TABLE public.users TO portal_doctor;
GRANT SELECT(last_login_at) ON TABLE public.users TO portal_tech;

-- Name: COLUMN users.created_at; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(created_at) ON TABLE public.users TO portal_patient;
GRANT SELECT(created_at) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(created_at) ON TABLE public.users TO portal_doctor;
GRANT SELECT(created_at) ON TABLE public.users TO portal_tech;

-- Name: COLUMN users.updated_at; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT(updated_at) ON TABLE public.users TO portal_patient;
GRANT SELECT(updated_at) ON TABLE public.users TO portal_radiologist;
GRANT SELECT(updated_at) ON TABLE public.users TO portal_doctor;
GRANT SELECT(updated_at) ON TABLE public.users TO portal_tech;
GRANT SELECT(updated_at) ON TABLE public.users TO portal_worker;

-- Name: FUNCTION is_privacy_officer(staff public.users); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.is_privacy_officer(staff public.users) FROM PUBLIC;

-- Name: FUNCTION keepers_of_own_history(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.keepers_of_own_history() FROM PUBLIC;

-- Name: FUNCTION note_program_use(digest text, present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.note_program_use(digest text, present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.note_program_use(digest text, present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION note_refused_study(uid text, as_role text, address inet, agent text, request jsonb); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) TO portal_patient;
GRANT ALL ON FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.note_refused_study(uid text, as_role text, address inet, agent text, request jsonb) TO portal_doctor;

-- Name: FUNCTION note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) TO portal_patient;
GRANT ALL ON FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) TO portal_doctor;
GRANT ALL ON FUNCTION portal.note_refused_things(kinds text[], things uuid[], as_role text, address inet, agent text, request jsonb) TO portal_tech;

-- Name: FUNCTION patient_called(kind text, given text); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.patient_called(kind text, given text) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.patient_called(kind text, given text) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.patient_called(kind text, given text) TO portal_tech;
GRANT ALL ON FUNCTION portal.patient_called(kind text, given text) TO portal_doctor;

-- Name: FUNCTION patient_has_password(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.patient_has_password(patient uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.patient_has_password(patient uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.patient_has_password(patient uuid) TO portal_doctor;

-- Name: FUNCTION personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.personal_data(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) TO portal_patient;

-- Name: FUNCTION personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) TO portal_doctor;
GRANT ALL ON FUNCTION portal.personal_data_for_officer(patient uuid, section text, after_at timestamp with time zone, after_id uuid, most integer) TO portal_tech;

-- Name: FUNCTION privacy_officers(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.privacy_officers() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.privacy_officers() TO portal_radiologist;
GRANT ALL ON FUNCTION portal.privacy_officers() TO portal_tech;
GRANT ALL ON FUNCTION portal.privacy_officers() TO portal_worker;

-- Name: FUNCTION program_of(digest text, present timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.program_of(digest text, present timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.program_of(digest text, present timestamp with time zone) TO portal_anonymous;

-- Name: FUNCTION pseudonymise_patient(patient uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.pseudonymise_patient(patient uuid) FROM PUBLIC;

-- Name: FUNCTION remove_report(report uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.remove_report(report uuid) FROM PUBLIC;

-- Name: FUNCTION remove_reports_beyond(before timestamp with time zone, most integer); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.remove_reports_beyond(before timestamp with time zone, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.remove_reports_beyond(before timestamp with time zone, most integer) TO portal_worker;

-- Name: FUNCTION reports_beyond(before timestamp with time zone); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.reports_beyond(before timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION resolve_unknown_patient(unknown uuid, known uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.resolve_unknown_patient(unknown uuid, known uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.resolve_unknown_patient(unknown uuid, known uuid) TO portal_doctor;

-- Name: FUNCTION retire_accounts_beyond(before timestamp with time zone, most integer); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.retire_accounts_beyond(before timestamp with time zone, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.retire_accounts_beyond(before timestamp with time zone, most integer) TO portal_worker;

-- Name: FUNCTION search_priors(report uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.search_priors(report uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.search_priors(report uuid) TO portal_radiologist;

-- Name: FUNCTION sees(kind text, id uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.sees(kind text, id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.sees(kind text, id uuid) TO portal_patient;
GRANT ALL ON FUNCTION portal.sees(kind text, id uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.sees(kind text, id uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.sees(kind text, id uuid) TO portal_tech;

-- Name: FUNCTION session_of(digest text, present timestamp with time zone, idle_minutes integer); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.session_of(digest text, present timestamp with time zone, idle_minutes integer) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.session_of(digest text, present timestamp with time zone, idle_minutes integer) TO portal_anonymous;

-- Name: FUNCTION staff_name(staff_id uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.staff_name(staff_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_patient;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_tech;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_worker;
GRANT ALL ON FUNCTION portal.staff_name(staff_id uuid) TO portal_emergency;

-- Name: FUNCTION tell_keepers_of_own_history(); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.tell_keepers_of_own_history() FROM PUBLIC;
GRANT ALL ON FUNCTION portal.tell_keepers_of_own_history() TO portal_patient;

-- Name: FUNCTION tell_of_correction(correction uuid); Type: ACL; Schema: portal; Owner: portal_owner

REVOKE ALL ON FUNCTION portal.tell_of_correction(correction uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION portal.tell_of_correction(correction uuid) TO portal_patient;
GRANT ALL ON FUNCTION portal.tell_of_correction(correction uuid) TO portal_radiologist;
GRANT ALL ON FUNCTION portal.tell_of_correction(correction uuid) TO portal_doctor;
GRANT ALL ON FUNCTION portal.tell_of_correction(correction uuid) TO portal_tech;

-- Name: TABLE account_tokens; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.account_tokens TO portal_anonymous;

-- Name: COLUMN account_tokens.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.account_tokens TO portal_tech;

-- Name: COLUMN account_tokens.purpose; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(purpose) ON TABLE portal.account_tokens TO portal_tech;

-- Name: COLUMN account_tokens.created_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(created_at) ON TABLE portal.account_tokens TO portal_tech;

-- Name: COLUMN account_tokens.expires_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(expires_at) ON TABLE portal.account_tokens TO portal_tech;

-- Name: TABLE accounts; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.accounts TO portal_tech;

-- Name: TABLE audit_archives; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.audit_archives TO portal_worker;
GRANT SELECT ON TABLE portal.audit_archives TO portal_tech;

-- Name: TABLE audit_deliveries; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.audit_deliveries TO portal_worker;
GRANT SELECT ON TABLE portal.audit_deliveries TO portal_tech;

-- Name: TABLE audit_logs; Type: ACL; Schema: public; Owner: portal_owner

GRANT INSERT ON TABLE public.audit_logs TO portal_anonymous;
GRANT INSERT ON TABLE public.audit_logs TO portal_patient;
GRANT INSERT ON TABLE public.audit_logs TO portal_radiologist;
GRANT INSERT ON TABLE public.audit_logs TO portal_doctor;
GRANT SELECT,INSERT ON TABLE public.audit_logs TO portal_tech;
GRANT SELECT,INSERT ON TABLE public.audit_logs TO portal_worker;
GRANT INSERT ON TABLE public.audit_logs TO portal_emergency;

-- Name: TABLE audit_seals; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.audit_seals TO portal_tech;
GRANT SELECT,INSERT ON TABLE portal.audit_seals TO portal_worker;

-- Name: TABLE backups; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.backups TO portal_tech;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.backups TO portal_worker;

-- Name: TABLE blob_removals; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,DELETE ON TABLE portal.blob_removals TO portal_worker;

-- Name: COLUMN blob_removals.set_aside_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(set_aside_at) ON TABLE portal.blob_removals TO portal_worker;

-- Name: TABLE case_scores; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.case_scores TO portal_tech;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.case_scores TO portal_worker;

-- Name: TABLE consents; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.consents TO portal_patient;
GRANT SELECT,INSERT ON TABLE portal.consents TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.consents TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.consents TO portal_tech;
GRANT SELECT ON TABLE portal.consents TO portal_worker;

-- Name: TABLE correction_requests; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.correction_requests TO portal_patient;
GRANT SELECT,INSERT ON TABLE portal.correction_requests TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.correction_requests TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.correction_requests TO portal_tech;
GRANT SELECT ON TABLE portal.correction_requests TO portal_worker;
GRANT SELECT ON TABLE portal.correction_requests TO portal_emergency;

-- Name: COLUMN correction_requests.state; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(state) ON TABLE portal.correction_requests TO portal_patient;
GRANT UPDATE(state) ON TABLE portal.correction_requests TO portal_radiologist;
GRANT UPDATE(state) ON TABLE portal.correction_requests TO portal_doctor;
GRANT UPDATE(state) ON TABLE portal.correction_requests TO portal_tech;

-- Name: COLUMN correction_requests.answer; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(answer) ON TABLE portal.correction_requests TO portal_radiologist;
GRANT UPDATE(answer) ON TABLE portal.correction_requests TO portal_doctor;
GRANT UPDATE(answer) ON TABLE portal.correction_requests TO portal_tech;

-- Name: COLUMN correction_requests.decided_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_by) ON TABLE portal.correction_requests TO portal_radiologist;
GRANT UPDATE(decided_by) ON TABLE portal.correction_requests TO portal_doctor;
GRANT UPDATE(decided_by) ON TABLE portal.correction_requests TO portal_tech;

-- Name: COLUMN correction_requests.decided_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_at) ON TABLE portal.correction_requests TO portal_patient;
GRANT UPDATE(decided_at) ON TABLE portal.correction_requests TO portal_radiologist;
GRANT UPDATE(decided_at) ON TABLE portal.correction_requests TO portal_doctor;
GRANT UPDATE(decided_at) ON TABLE portal.correction_requests TO portal_tech;

-- Name: COLUMN correction_requests.reminded_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(reminded_at) ON TABLE portal.correction_requests TO portal_worker;

-- Name: COLUMN correction_requests.disagreement; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(disagreement) ON TABLE portal.correction_requests TO portal_patient;

-- Name: COLUMN correction_requests.disagreed_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(disagreed_at) ON TABLE portal.correction_requests TO portal_patient;

-- Name: TABLE dicom_archives; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.dicom_archives TO portal_tech;
GRANT SELECT ON TABLE portal.dicom_archives TO portal_worker;

-- Name: TABLE dicom_instances; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.dicom_instances TO portal_patient;
GRANT SELECT,INSERT ON TABLE portal.dicom_instances TO portal_radiologist;
GRANT SELECT ON TABLE portal.dicom_instances TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.dicom_instances TO portal_worker;
GRANT SELECT ON TABLE portal.dicom_instances TO portal_emergency;

-- Name: TABLE dicom_peers; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.dicom_peers TO portal_tech;

-- Name: TABLE dicom_result_routes; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.dicom_result_routes TO portal_tech;

-- Name: TABLE dicom_routes; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.dicom_routes TO portal_tech;

-- Name: TABLE dicom_series; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.dicom_series TO portal_patient;
GRANT SELECT ON TABLE portal.dicom_series TO portal_radiologist;
GRANT SELECT ON TABLE portal.dicom_series TO portal_doctor;

-- Name: TABLE dicom_studies; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.dicom_studies TO portal_patient;
GRANT SELECT ON TABLE portal.dicom_studies TO portal_radiologist;
GRANT SELECT ON TABLE portal.dicom_studies TO portal_doctor;
GRANT SELECT ON TABLE portal.dicom_studies TO portal_worker;

-- Name: TABLE drift_references; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.drift_references TO portal_tech;
GRANT SELECT,INSERT ON TABLE portal.drift_references TO portal_worker;

-- Name: TABLE emergency_accesses; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT SELECT ON TABLE portal.emergency_accesses TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.emergency_accesses TO portal_tech;
GRANT SELECT ON TABLE portal.emergency_accesses TO portal_worker;

-- Name: COLUMN emergency_accesses.ended_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(ended_at) ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT UPDATE(ended_at) ON TABLE portal.emergency_accesses TO portal_tech;

-- Name: COLUMN emergency_accesses.outcome; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(outcome) ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT UPDATE(outcome) ON TABLE portal.emergency_accesses TO portal_doctor;
GRANT UPDATE(outcome) ON TABLE portal.emergency_accesses TO portal_tech;

-- Name: COLUMN emergency_accesses.review_note; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(review_note) ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT UPDATE(review_note) ON TABLE portal.emergency_accesses TO portal_doctor;
GRANT UPDATE(review_note) ON TABLE portal.emergency_accesses TO portal_tech;

-- Name: COLUMN emergency_accesses.reviewed_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(reviewed_by) ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT UPDATE(reviewed_by) ON TABLE portal.emergency_accesses TO portal_doctor;
GRANT UPDATE(reviewed_by) ON TABLE portal.emergency_accesses TO portal_tech;

-- Name: COLUMN emergency_accesses.reviewed_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(reviewed_at) ON TABLE portal.emergency_accesses TO portal_radiologist;
GRANT UPDATE(reviewed_at) ON TABLE portal.emergency_accesses TO portal_doctor;
GRANT UPDATE(reviewed_at) ON TABLE portal.emergency_accesses TO portal_tech;

-- Name: COLUMN emergency_accesses.reminded_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(reminded_at) ON TABLE portal.emergency_accesses TO portal_worker;

-- Name: TABLE erasures; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.erasures TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.erasures TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.erasures TO portal_tech;

-- Name: COLUMN erasures.state; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(state) ON TABLE portal.erasures TO portal_radiologist;
GRANT UPDATE(state) ON TABLE portal.erasures TO portal_doctor;
GRANT UPDATE(state) ON TABLE portal.erasures TO portal_tech;

-- Name: COLUMN erasures.decided_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_by) ON TABLE portal.erasures TO portal_radiologist;
GRANT UPDATE(decided_by) ON TABLE portal.erasures TO portal_doctor;
GRANT UPDATE(decided_by) ON TABLE portal.erasures TO portal_tech;

-- Name: COLUMN erasures.decided_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_at) ON TABLE portal.erasures TO portal_radiologist;
GRANT UPDATE(decided_at) ON TABLE portal.erasures TO portal_doctor;
GRANT UPDATE(decided_at) ON TABLE portal.erasures TO portal_tech;

-- Name: TABLE events; Type: ACL; Schema: portal; Owner: portal_owner

GRANT INSERT ON TABLE portal.events TO portal_anonymous;
GRANT INSERT ON TABLE portal.events TO portal_patient;
GRANT INSERT ON TABLE portal.events TO portal_radiologist;
GRANT INSERT ON TABLE portal.events TO portal_doctor;
GRANT INSERT ON TABLE portal.events TO portal_tech;
GRANT SELECT,INSERT,DELETE ON TABLE portal.events TO portal_worker;

-- Name: TABLE fhir_notices; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.fhir_notices TO portal_worker;
GRANT SELECT ON TABLE portal.fhir_notices TO portal_tech;

-- Name: TABLE fhir_subscriptions; Type: ACL; Schema: portal; Owner: portal_owner

GRANT INSERT,DELETE ON TABLE portal.fhir_subscriptions TO portal_tech;
GRANT SELECT ON TABLE portal.fhir_subscriptions TO portal_worker;

-- Name: COLUMN fhir_subscriptions.subscription_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(subscription_id) ON TABLE portal.fhir_subscriptions TO portal_tech;

-- Name: COLUMN fhir_subscriptions.name; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(name) ON TABLE portal.fhir_subscriptions TO portal_tech;

-- Name: COLUMN fhir_subscriptions.endpoint; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(endpoint) ON TABLE portal.fhir_subscriptions TO portal_tech;

-- Name: COLUMN fhir_subscriptions.is_content_sent; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(is_content_sent) ON TABLE portal.fhir_subscriptions TO portal_tech;

-- Name: COLUMN fhir_subscriptions.sealed_authorization; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(sealed_authorization) ON TABLE portal.fhir_subscriptions TO portal_worker;

-- Name: COLUMN fhir_subscriptions.created_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(created_at) ON TABLE portal.fhir_subscriptions TO portal_tech;

-- Name: TABLE first_impressions; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.first_impressions TO portal_doctor;

-- Name: TABLE history_proposals; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.history_proposals TO portal_patient;
GRANT SELECT ON TABLE portal.history_proposals TO portal_radiologist;
GRANT SELECT ON TABLE portal.history_proposals TO portal_doctor;

-- Name: COLUMN history_proposals.state; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(state) ON TABLE portal.history_proposals TO portal_patient;
GRANT UPDATE(state) ON TABLE portal.history_proposals TO portal_radiologist;
GRANT UPDATE(state) ON TABLE portal.history_proposals TO portal_doctor;

-- Name: COLUMN history_proposals.answer; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(answer) ON TABLE portal.history_proposals TO portal_radiologist;
GRANT UPDATE(answer) ON TABLE portal.history_proposals TO portal_doctor;

-- Name: COLUMN history_proposals.decided_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_by) ON TABLE portal.history_proposals TO portal_radiologist;
GRANT UPDATE(decided_by) ON TABLE portal.history_proposals TO portal_doctor;

-- Name: COLUMN history_proposals.decided_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_at) ON TABLE portal.history_proposals TO portal_patient;
GRANT UPDATE(decided_at) ON TABLE portal.history_proposals TO portal_radiologist;
GRANT UPDATE(decided_at) ON TABLE portal.history_proposals TO portal_doctor;

-- Name: TABLE hl7_deliveries; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.hl7_deliveries TO portal_worker;
GRANT SELECT ON TABLE portal.hl7_deliveries TO portal_tech;

-- Name: TABLE hl7_receivers; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.hl7_receivers TO portal_tech;
GRANT SELECT ON TABLE portal.hl7_receivers TO portal_worker;

-- Name: TABLE hl7_senders; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.hl7_senders TO portal_tech;

-- Name: TABLE identity_confirmations; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.identity_confirmations TO portal_doctor;
GRANT SELECT ON TABLE portal.identity_confirmations TO portal_radiologist;

-- Name: TABLE image_blobs; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.image_blobs TO portal_patient;
GRANT SELECT,INSERT ON TABLE portal.image_blobs TO portal_radiologist;
GRANT SELECT ON TABLE portal.image_blobs TO portal_doctor;
GRANT SELECT ON TABLE portal.image_blobs TO portal_worker;
GRANT SELECT ON TABLE portal.image_blobs TO portal_emergency;

-- Name: TABLE inference_records; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.inference_records TO portal_patient;
GRANT SELECT ON TABLE portal.inference_records TO portal_radiologist;
GRANT SELECT ON TABLE portal.inference_records TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.inference_records TO portal_worker;
GRANT SELECT ON TABLE portal.inference_records TO portal_tech;

-- Name: TABLE invitations; Type: ACL; Schema: portal; Owner: portal_owner

GRANT INSERT,UPDATE ON TABLE portal.invitations TO portal_radiologist;
GRANT INSERT,UPDATE ON TABLE portal.invitations TO portal_doctor;
GRANT SELECT,DELETE ON TABLE portal.invitations TO portal_anonymous;

-- Name: COLUMN invitations.patient_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(patient_id) ON TABLE portal.invitations TO portal_radiologist;
GRANT SELECT(patient_id) ON TABLE portal.invitations TO portal_doctor;

-- Name: COLUMN invitations.invited_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(invited_by) ON TABLE portal.invitations TO portal_radiologist;
GRANT SELECT(invited_by) ON TABLE portal.invitations TO portal_doctor;

-- Name: COLUMN invitations.created_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(created_at) ON TABLE portal.invitations TO portal_radiologist;
GRANT SELECT(created_at) ON TABLE portal.invitations TO portal_doctor;

-- Name: COLUMN invitations.expires_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(expires_at) ON TABLE portal.invitations TO portal_radiologist;
GRANT SELECT(expires_at) ON TABLE portal.invitations TO portal_doctor;

-- Name: TABLE jobs; Type: ACL; Schema: portal; Owner: portal_owner

GRANT INSERT ON TABLE portal.jobs TO portal_radiologist;
GRANT INSERT ON TABLE portal.jobs TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.jobs TO portal_tech;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.jobs TO portal_worker;

-- Name: TABLE legal_holds; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.legal_holds TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.legal_holds TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.legal_holds TO portal_tech;
GRANT SELECT ON TABLE portal.legal_holds TO portal_worker;

-- Name: COLUMN legal_holds.lift_reason; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(lift_reason) ON TABLE portal.legal_holds TO portal_radiologist;
GRANT UPDATE(lift_reason) ON TABLE portal.legal_holds TO portal_doctor;
GRANT UPDATE(lift_reason) ON TABLE portal.legal_holds TO portal_tech;

-- Name: COLUMN legal_holds.lifted_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(lifted_by) ON TABLE portal.legal_holds TO portal_radiologist;
GRANT UPDATE(lifted_by) ON TABLE portal.legal_holds TO portal_doctor;
GRANT UPDATE(lifted_by) ON TABLE portal.legal_holds TO portal_tech;

-- Name: COLUMN legal_holds.lifted_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(lifted_at) ON TABLE portal.legal_holds TO portal_radiologist;
GRANT UPDATE(lifted_at) ON TABLE portal.legal_holds TO portal_doctor;
GRANT UPDATE(lifted_at) ON TABLE portal.legal_holds TO portal_tech;

-- Name: TABLE model_alarms; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.model_alarms TO portal_radiologist;
GRANT SELECT ON TABLE portal.model_alarms TO portal_doctor;
GRANT SELECT ON TABLE portal.model_alarms TO portal_tech;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.model_alarms TO portal_worker;

-- Name: COLUMN model_alarms.acknowledged_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(acknowledged_by) ON TABLE portal.model_alarms TO portal_tech;

-- Name: COLUMN model_alarms.acknowledged_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(acknowledged_at) ON TABLE portal.model_alarms TO portal_tech;

-- Name: TABLE model_changes; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.model_changes TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.model_changes TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.model_changes TO portal_tech;
GRANT SELECT,INSERT ON TABLE portal.model_changes TO portal_worker;

-- Name: TABLE model_stages; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.model_stages TO portal_radiologist;
GRANT SELECT ON TABLE portal.model_stages TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.model_stages TO portal_tech;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.model_stages TO portal_worker;

-- Name: TABLE model_standings; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.model_standings TO portal_radiologist;
GRANT SELECT ON TABLE portal.model_standings TO portal_doctor;
GRANT SELECT ON TABLE portal.model_standings TO portal_tech;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.model_standings TO portal_worker;

-- Name: TABLE prior_images; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.prior_images TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.prior_images TO portal_worker;
GRANT SELECT ON TABLE portal.prior_images TO portal_patient;

-- Name: TABLE wrapped_pictures; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.wrapped_pictures TO portal_doctor;
GRANT SELECT ON TABLE portal.wrapped_pictures TO portal_radiologist;
GRANT SELECT ON TABLE portal.wrapped_pictures TO portal_patient;
GRANT SELECT,INSERT ON TABLE portal.wrapped_pictures TO portal_worker;

-- Name: TABLE named_blobs; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.named_blobs TO portal_worker;

-- Name: TABLE not_assessed; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.not_assessed TO portal_patient;
GRANT SELECT ON TABLE portal.not_assessed TO portal_radiologist;
GRANT SELECT ON TABLE portal.not_assessed TO portal_doctor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.not_assessed TO portal_worker;
GRANT SELECT ON TABLE portal.not_assessed TO portal_emergency;

-- Name: TABLE orders; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.orders TO portal_patient;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.orders TO portal_radiologist;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.orders TO portal_doctor;
GRANT SELECT ON TABLE portal.orders TO portal_worker;

-- Name: TABLE passkey_challenges; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.passkey_challenges TO portal_anonymous;

-- Name: TABLE passkeys; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.passkeys TO portal_anonymous;
GRANT DELETE ON TABLE portal.passkeys TO portal_tech;

-- Name: COLUMN passkeys.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.passkeys TO portal_tech;

-- Name: TABLE patient_identifiers; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.patient_identifiers TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.patient_identifiers TO portal_doctor;
GRANT SELECT ON TABLE portal.patient_identifiers TO portal_patient;
GRANT SELECT ON TABLE portal.patient_identifiers TO portal_emergency;
GRANT SELECT ON TABLE portal.patient_identifiers TO portal_worker;

-- Name: COLUMN patient_identifiers.issuer; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(issuer) ON TABLE portal.patient_identifiers TO portal_radiologist;
GRANT UPDATE(issuer) ON TABLE portal.patient_identifiers TO portal_doctor;

-- Name: COLUMN patient_identifiers.identifier; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(identifier) ON TABLE portal.patient_identifiers TO portal_radiologist;
GRANT UPDATE(identifier) ON TABLE portal.patient_identifiers TO portal_doctor;

-- Name: COLUMN patient_identifiers.gender; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(gender) ON TABLE portal.patient_identifiers TO portal_radiologist;
GRANT UPDATE(gender) ON TABLE portal.patient_identifiers TO portal_doctor;

-- Name: TABLE patient_registrations; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.patient_registrations TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.patient_registrations TO portal_doctor;

-- Name: TABLE prior_searches; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.prior_searches TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.prior_searches TO portal_worker;

-- Name: TABLE prior_studies; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.prior_studies TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.prior_studies TO portal_worker;
GRANT SELECT ON TABLE portal.prior_studies TO portal_patient;

-- Name: COLUMN prior_studies.state; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(state) ON TABLE portal.prior_studies TO portal_doctor;

-- Name: COLUMN prior_studies.fault; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(fault) ON TABLE portal.prior_studies TO portal_doctor;

-- Name: TABLE program_tokens; Type: ACL; Schema: portal; Owner: portal_owner

GRANT INSERT ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.token_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(token_id) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.name; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(name) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.scopes; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(scopes) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.created_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(created_at) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.expires_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(expires_at) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.last_used_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(last_used_at) ON TABLE portal.program_tokens TO portal_tech;

-- Name: COLUMN program_tokens.revoked_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(revoked_at),UPDATE(revoked_at) ON TABLE portal.program_tokens TO portal_tech;

-- Name: TABLE promotions; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.promotions TO portal_radiologist;
GRANT SELECT ON TABLE portal.promotions TO portal_doctor;
GRANT SELECT,INSERT ON TABLE portal.promotions TO portal_tech;
GRANT SELECT ON TABLE portal.promotions TO portal_worker;

-- Name: COLUMN promotions.decision; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decision) ON TABLE portal.promotions TO portal_tech;
GRANT UPDATE(decision) ON TABLE portal.promotions TO portal_doctor;

-- Name: COLUMN promotions.decision_reason; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decision_reason) ON TABLE portal.promotions TO portal_tech;
GRANT UPDATE(decision_reason) ON TABLE portal.promotions TO portal_doctor;

-- Name: COLUMN promotions.decided_by; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_by) ON TABLE portal.promotions TO portal_tech;
GRANT UPDATE(decided_by) ON TABLE portal.promotions TO portal_doctor;

-- Name: COLUMN promotions.decided_as; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_as) ON TABLE portal.promotions TO portal_tech;
GRANT UPDATE(decided_as) ON TABLE portal.promotions TO portal_doctor;

-- Name: COLUMN promotions.decided_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(decided_at) ON TABLE portal.promotions TO portal_tech;
GRANT UPDATE(decided_at) ON TABLE portal.promotions TO portal_doctor;

-- Name: TABLE recovery_codes; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.recovery_codes TO portal_anonymous;
GRANT DELETE ON TABLE portal.recovery_codes TO portal_tech;

-- Name: COLUMN recovery_codes.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.recovery_codes TO portal_tech;

-- Name: TABLE report_annotations; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.report_annotations TO portal_doctor;

-- Name: TABLE report_claims; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.report_claims TO portal_doctor;
GRANT SELECT,DELETE ON TABLE portal.report_claims TO portal_worker;

-- Name: TABLE report_releases; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.report_releases TO portal_patient;
GRANT SELECT ON TABLE portal.report_releases TO portal_radiologist;
GRANT SELECT,INSERT,UPDATE ON TABLE portal.report_releases TO portal_doctor;
GRANT SELECT,UPDATE ON TABLE portal.report_releases TO portal_worker;

-- Name: TABLE review_addenda; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT ON TABLE portal.review_addenda TO portal_patient;
GRANT SELECT ON TABLE portal.review_addenda TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE portal.review_addenda TO portal_doctor;
GRANT SELECT ON TABLE portal.review_addenda TO portal_emergency;
GRANT SELECT ON TABLE portal.review_addenda TO portal_worker;

-- Name: TABLE review_verdicts; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.review_verdicts TO portal_doctor;
GRANT SELECT ON TABLE portal.review_verdicts TO portal_worker;

-- Name: TABLE session_proofs; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.session_proofs TO portal_anonymous;

-- Name: TABLE sign_in_challenges; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.sign_in_challenges TO portal_anonymous;
GRANT DELETE ON TABLE portal.sign_in_challenges TO portal_tech;

-- Name: COLUMN sign_in_challenges.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.sign_in_challenges TO portal_tech;

-- Name: TABLE sign_in_failures; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.sign_in_failures TO portal_anonymous;
GRANT SELECT,DELETE ON TABLE portal.sign_in_failures TO portal_tech;
GRANT SELECT,DELETE ON TABLE portal.sign_in_failures TO portal_worker;

-- Name: TABLE single_sign_on_links; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.single_sign_on_links TO portal_tech;

-- Name: COLUMN single_sign_on_links.last_used_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(last_used_at) ON TABLE portal.single_sign_on_links TO portal_tech;

-- Name: TABLE single_sign_on_sessions; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.single_sign_on_sessions TO portal_anonymous;

-- Name: TABLE single_sign_on_starts; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.single_sign_on_starts TO portal_anonymous;

-- Name: TABLE totp; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE portal.totp TO portal_anonymous;
GRANT DELETE ON TABLE portal.totp TO portal_tech;

-- Name: COLUMN totp.user_id; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(user_id) ON TABLE portal.totp TO portal_tech;

-- Name: COLUMN totp.confirmed_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT(confirmed_at) ON TABLE portal.totp TO portal_tech;

-- Name: TABLE unknown_patients; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT ON TABLE portal.unknown_patients TO portal_radiologist;
GRANT SELECT ON TABLE portal.unknown_patients TO portal_doctor;

-- Name: TABLE uploads; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,DELETE ON TABLE portal.uploads TO portal_radiologist;
GRANT SELECT,DELETE ON TABLE portal.uploads TO portal_worker;

-- Name: COLUMN uploads.expires_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(expires_at) ON TABLE portal.uploads TO portal_radiologist;

-- Name: COLUMN uploads.taken_at; Type: ACL; Schema: portal; Owner: portal_owner

GRANT UPDATE(taken_at) ON TABLE portal.uploads TO portal_radiologist;

-- Name: TABLE verified_addresses; Type: ACL; Schema: portal; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE portal.verified_addresses TO portal_anonymous;

-- Name: TABLE ai_analysis; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.ai_analysis TO portal_patient;
GRANT SELECT ON TABLE public.ai_analysis TO portal_radiologist;
GRANT SELECT ON TABLE public.ai_analysis TO portal_doctor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ai_analysis TO portal_worker;
GRANT SELECT ON TABLE public.ai_analysis TO portal_emergency;

-- Name: TABLE ai_models; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.ai_models TO portal_radiologist;
GRANT SELECT ON TABLE public.ai_models TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ai_models TO portal_tech;
GRANT SELECT ON TABLE public.ai_models TO portal_worker;

-- Name: TABLE doctor_reviews; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.doctor_reviews TO portal_patient;
GRANT SELECT ON TABLE public.doctor_reviews TO portal_radiologist;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.doctor_reviews TO portal_doctor;
GRANT SELECT ON TABLE public.doctor_reviews TO portal_worker;
GRANT SELECT ON TABLE public.doctor_reviews TO portal_emergency;

-- Name: TABLE medical_reports; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.medical_reports TO portal_patient;
GRANT SELECT,INSERT,UPDATE ON TABLE public.medical_reports TO portal_radiologist;
GRANT SELECT,UPDATE ON TABLE public.medical_reports TO portal_doctor;
GRANT SELECT,UPDATE ON TABLE public.medical_reports TO portal_worker;
GRANT SELECT ON TABLE public.medical_reports TO portal_emergency;

-- Name: TABLE model_metrics; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.model_metrics TO portal_radiologist;
GRANT SELECT ON TABLE public.model_metrics TO portal_doctor;
GRANT SELECT,INSERT ON TABLE public.model_metrics TO portal_tech;
GRANT SELECT,INSERT ON TABLE public.model_metrics TO portal_worker;

-- Name: TABLE notifications; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.notifications TO portal_patient;
GRANT SELECT,INSERT ON TABLE public.notifications TO portal_radiologist;
GRANT SELECT,INSERT ON TABLE public.notifications TO portal_doctor;
GRANT SELECT,INSERT ON TABLE public.notifications TO portal_tech;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notifications TO portal_worker;

-- Name: COLUMN notifications.is_read; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(is_read) ON TABLE public.notifications TO portal_patient;
GRANT UPDATE(is_read) ON TABLE public.notifications TO portal_radiologist;
GRANT UPDATE(is_read) ON TABLE public.notifications TO portal_doctor;
GRANT UPDATE(is_read) ON TABLE public.notifications TO portal_tech;

-- Name: COLUMN notifications.read_at; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(read_at) ON TABLE public.notifications TO portal_patient;
GRANT UPDATE(read_at) ON TABLE public.notifications TO portal_radiologist;
GRANT UPDATE(read_at) ON TABLE public.notifications TO portal_doctor;
GRANT UPDATE(read_at) ON TABLE public.notifications TO portal_tech;

-- Name: TABLE patient_medical_history; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.patient_medical_history TO portal_patient;
GRANT SELECT,INSERT,UPDATE ON TABLE public.patient_medical_history TO portal_doctor;
GRANT SELECT,INSERT,UPDATE ON TABLE public.patient_medical_history TO portal_radiologist;
GRANT SELECT ON TABLE public.patient_medical_history TO portal_emergency;

-- Name: TABLE report_images; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.report_images TO portal_patient;
GRANT SELECT,INSERT ON TABLE public.report_images TO portal_radiologist;
GRANT SELECT ON TABLE public.report_images TO portal_doctor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.report_images TO portal_worker;
GRANT SELECT ON TABLE public.report_images TO portal_emergency;

-- Name: TABLE sessions; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT,INSERT,UPDATE ON TABLE public.sessions TO portal_anonymous;
GRANT SELECT ON TABLE public.sessions TO portal_patient;
GRANT SELECT ON TABLE public.sessions TO portal_radiologist;
GRANT SELECT ON TABLE public.sessions TO portal_doctor;
GRANT SELECT ON TABLE public.sessions TO portal_tech;
GRANT SELECT,DELETE ON TABLE public.sessions TO portal_worker;

-- Name: COLUMN sessions.is_active; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(is_active) ON TABLE public.sessions TO portal_patient;
GRANT UPDATE(is_active) ON TABLE public.sessions TO portal_radiologist;
GRANT UPDATE(is_active) ON TABLE public.sessions TO portal_doctor;
GRANT UPDATE(is_active) ON TABLE public.sessions TO portal_tech;

-- Name: COLUMN sessions.logout_time; Type: ACL; Schema: public; Owner: portal_owner

GRANT UPDATE(logout_time) ON TABLE public.sessions TO portal_patient;
GRANT UPDATE(logout_time) ON TABLE public.sessions TO portal_radiologist;
GRANT UPDATE(logout_time) ON TABLE public.sessions TO portal_doctor;
GRANT UPDATE(logout_time) ON TABLE public.sessions TO portal_tech;

-- Name: TABLE system_settings; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.system_settings TO portal_anonymous;
GRANT SELECT ON TABLE public.system_settings TO portal_patient;
GRANT SELECT ON TABLE public.system_settings TO portal_radiologist;
GRANT SELECT ON TABLE public.system_settings TO portal_doctor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.system_settings TO portal_tech;
GRANT SELECT ON TABLE public.system_settings TO portal_worker;

-- Name: TABLE v_doctor_priority_queue; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.v_doctor_priority_queue TO portal_doctor;
GRANT SELECT ON TABLE public.v_doctor_priority_queue TO portal_worker;

-- Name: TABLE v_patient_reports; Type: ACL; Schema: public; Owner: portal_owner

GRANT SELECT ON TABLE public.v_patient_reports TO portal_patient;
GRANT SELECT ON TABLE public.v_patient_reports TO portal_radiologist;
GRANT SELECT ON TABLE public.v_patient_reports TO portal_doctor;
GRANT SELECT ON TABLE public.v_patient_reports TO portal_worker;

INSERT INTO portal.schema_migrations (version, description, success, checksum, execution_time) VALUES
    (1, 'foundations', true, '\xedfa64b9a38b045e52b3116a9d8678b9090ea916a885d17bec4e42ae1bdc95b44de25bb01a6b50a2661367cc471929a3', 0),
    (2, 'accounts', true, '\x706d86547693831a1e0ade4a2dcc972a92b82a15bc9e5c2b4c7e02723ea92e5768f2ff555f1606e8bfdbfa559c3ecb6a', 0),
    (3, 'reports', true, '\x6ade8cc4a934b5c5aed3ea5c2a3be29b8aefef983589cea9f83657f3f7dcc13fd0b75781d7043a35ca8c7ee0918b4d2d', 0),
    (4, 'models and analysis', true, '\x910587dea6003f849dc1c0d4716ded8bc758cdda4210f22ffc039aeccf5f55b129ac777250e1217a94e7bfff056460dc', 0),
    (5, 'reviews and release', true, '\x031aa40610aebbc8020260f237e318e70b61b07cd22a17e0389402dd1b211a2fcee317a113ac783ff3b16481212fc6eb', 0),
    (6, 'notifications history settings audit', true, '\xbf78fc98d219dde32b266c9436bbf0f28a7021c5992c13f0c2c8dc6dcc132269e27478f185dfcc0314c72243caefc88e', 0),
    (7, 'jobs and events', true, '\x813160d62b54ca730d3177422b838fa02760c42c8469f5669aae95ab040610f7b7bfc3e43adb369eed3e6e4323108508', 0),
    (8, 'views', true, '\x73ad290ea60d84d28452796742da6210bc46db702d20715f66566225c03d7d9e7a34833b540371a2ababa1a9f2893556', 0),
    (9, 'row security', true, '\xc0ea53c6412fabbd096c2dcc06f1c9fb8370843653596b3135e5f45cf45e3de8f886fc56e3898f818a8ceb4235321191', 0),
    (10, 'backups', true, '\x3aac56a5a9451edcdb02e12f0e70799b1c1308c1764b48a8a69c12ace4e2689c0ab38f9cf99f9aa36743ca8eaac61da6', 0),
    (11, 'settings reset', true, '\xd673b7e601369ad874d4dadecc8dbf46e9a9032cb6944dd6493113d958d032a73cfef847a880a7f265dda32f362055f3', 0),
    (12, 'identity confirmations', true, '\xa247ec8a3b288a62ea434dfd6cfa9d15f13f68949b3ee44d421df8df7499f3721c6392588395d0c0fa70aba8a932505b', 0),
    (13, 'history proposals', true, '\x0a7dc6cca07f64d81077f58ca74b2b4a5faad3f80c77eabdcd33c4c6788886fb0e31aadf1db49dea14c7f4104b6124de', 0),
    (14, 'uploads', true, '\x110cb81410938d6b685b57db7dc1683d091a07434f444d370dc32dca27291260edd00670695184454abc5b11a51b167d', 0),
    (15, 'invitations', true, '\x05d3ac5ed40df7c32aa7d077cbfd34b760b6384c0a2a03e0f76a2a3a8fdd94f51267bd182edb954d6ee3c775964b3529', 0),
    (16, 'schema floor', true, '\xeec6870d9c5b61436fb5ff99f07d94d2139328b24bea3c924d54fa835f2a1ea53df90ca0db0523f0ad496975cacc560b', 0),
    (17, 'audit partitions one at a time', true, '\x5a833410826f93ae0e0cd6519b5d06306a622e58c2a737416d55cc2d5f11d749b2b9c9936dbe0a09c29d66028551c12d', 0),
    (18, 'model governance', true, '\xf6d123aee22d7624371accc4a43601dd2ee7d5208a4c4076e8ef10151e06d46809c9148ff9882ab4d35c67adf055c566', 0),
    (19, 'audit seals', true, '\x629a781ac4170c443653af5d1764c5a0e4c7333ab7d4ac26008e4078320690a8de92228cf28c04d4f7dd51a89cb79f7f', 0),
    (20, 'second factors', true, '\xbdb16cc1734e5396dd2ee53eda8f5efd513339568af0bb827a178f34b4dc6dd05382ccb8a1558978e912e17d442f6f32', 0),
    (21, 'account tokens', true, '\xf75819733bac1a1b108d6e85d768f75554472f4c564e6534609598febb54f0e78c0a044c465e2d9d095020b7dfa71c9c', 0),
    (22, 'narrow rights', true, '\xc0056a740ace0e194443be9a7677f14bf062584584355c2b14245c2786a0679550027a4042c3773430b2cc2cecd65cc3', 0),
    (23, 'passkeys', true, '\x570ae6df304d1446ad48537f0f225196966dae9195af8871e6c40ac8a78eddfdfa4fc46f6f684412a4a72f0076a3c49a', 0),
    (24, 'emergency access', true, '\xc8466d70d3db1a4a7610af7b4ee006f84ae612836b8266fb2ffd547dfad23f4ace1305364fe0567455743c374eeddf89', 0),
    (25, 'pseudonyms', true, '\x852ab9295fcaa4f4345c6f74488ea655633ec93cbfba3328cf42a9d150e4b33dae528fe161b5d449697e2218092f99e2', 0),
    (26, 'audit deliveries', true, '\xdf4b22db8024a9a84dd1535006ce7095a19f8bd3841c405c7b7857b276ed82b0ea4803a120ea6c610adbc0e387b3f700', 0),
    (27, 'content notes', true, '\x06ad9850e5bf8d28e4888926d7215df66f57dd6e35512e06f9db584c150375314abc40f7dc68de0fa638d89728dd00f6', 0),
    (28, 'single sign on', true, '\xf4df2db1e95f0d534e9f6a7fdfbf72f97d54038f04f316fb431bbff05e1ce4e644ed29b61715d8d389d5ffb455b6b81b', 0),
    (29, 'patients rights', true, '\x9cca03d4faa5e4c4b79d340ed1a1ca2ace225e1e5f25c6fc95ddfdcc0a68ce8f13fce410e8606d5685f34dabffe93c2a', 0),
    (30, 'program tokens', true, '\xd65cdbe571c0276e0d2bac8f1a2339bf0c7b8f6982617397429845057bfadef8655911d7da2546dd82ee6ffebcc1a054', 0),
    (31, 'dicom index', true, '\x4620a9ebaeb178b2661bcf562923341d23d2a03458bde1a293f9bfee87accd1f148fb33f452dd0c652799de5c25efc2a', 0),
    (32, 'dicom peers', true, '\x87276ea3c05a9e2a1f461d7d22a9d20216d8d4f92a2d129eaa43da8a8aa90ba1d9322d3f49ec6c16ffa84504a74e670c', 0),
    (33, 'holds and removals', true, '\x2a12c5957d25ec3ba547b9e03a90c5d19e5e6f6df70655b6641aa163279953b73bf366748915c8ddc351d63965c166c2', 0),
    (34, 'fhir', true, '\x5596ce07e581f248e4878b9c6d4b90a411a54679838fda087f31c6bc8eaef5eb68a222598a5caf72676a3a1b81efb72e', 0),
    (35, 'orders', true, '\x69d3b3b10089777410803699948d2e68ddf695c13841244f3f5499ea1d82dc574f73228bdcddcbbd410f29d336ac3169', 0),
    (36, 'orders of a record', true, '\x6d7851a52106ba939ba0e8f9ff3f439e598c04441d8dd250cb3b10c0b1af4d1c1a3943100ba5a03e40e5b39bb97b0ed4', 0),
    (37, 'hl7', true, '\x19222c0186625dea730f72d4adf3c4d9bcbc24b34e05dc70a92ad71838d57330f8fb1af8f2e83e0402a5b1fb172657be', 0),
    (38, 'dicom destinations', true, '\x662773e78ce0dd6711932c05ce83bd734ae0ed10484d69ac3ff455809a0efc26801f15d69aa0f7ecd605b65980bd689d', 0),
    (39, 'dicom routes', true, '\x2520328aeefd39804255c94b813af5b3aa0f401359b088e27281d5a6b0a8104df417ada4751a07562c2a2ae9eb471e34', 0),
    (41, 'fhir subscriptions', true, '\x5d8396545323d0ead1189df858025ec661b7420c41cd16a5239983f41d6090efa829e282e7ceec6b9b24e9d502819b09', 0),
    (42, 'programs that read the trail', true, '\x23a88fa3959d569cd7d39963392a274c42a88527b7a9a258ddaeb8a0b07a38cdb6af3ab752cec77a0b0ca81c10d8f204', 0),
    (43, 'cheaper dicom index', true, '\x625f99430b52b85401013fe9ef40f5e3860b854bcf627bedec45dbe0009b0535961a5396cd856ed575d7250eebe8144e', 0),
    (45, 'result routes', true, '\xbfb9df8ad16c3f2557c6facbaa882055ae564e94e1cfc495dac195c9ca0f4b917b9bc1ebe5172539a8df111ee5c52a6c', 0),
    (46, 'plans kept between calls', true, '\x3092f289d94e88d73081c53cb3d4724b2287df904eeb6f3ddd9378dcce7d57075f768fb45e9d3cb678ee3eaaa2585995', 0),
    (47, 'priors', true, '\x5bfb170671e6219c1d16f6e465e387ad1dbd19d28d6da859ef6061b26ea1f28c17170a564ca40ef9f02fbf62e55c2c23', 0),
    (48, 'wrapped pictures', true, '\xba26689bcb09f15bf11a9f5d40308840ba27c4c555840c0d82c81cda5314c98f69a9b9c3f085cab582b984d13ccfec82', 0),
    (49, 'plan of dicom routes', true, '\x8601e80ab4ca24700df9a93752c322d103f9bdf3e7518ccf24dc16feecd525b967c48c3d699ba2946089ab904975f3c0', 0),
    (50, 'rows looked up one by one', true, '\x7e7ac1479a4cc1c7cca24ff40222c580f55c3a34aff1187fd33d136c2e327117221f924cc5802031b910806e2d3d8fbc', 0),
    (51, 'unknown patients by number', true, '\x923bca8d8701ec50e9be5efc56fdb28f3b9100273861d907f9dd2a80558efef68c241eebf0f1584f58156a6a15a2accb', 0),
    (52, 'accounts looked up one by one', true, '\xdbe1b265ab34e5eed7eb95063f192ca012cb90c4b1e38fa67f52e08fb42fbbb697c58af8dfea927b55cb1adfc0fba8a8', 0);
