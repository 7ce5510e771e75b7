-- Programs may have tech's role, to read the audit trail over FHIR. They are nobody to be told of something, nor privacy
-- officers: a case, an alarm or an access in an emergency is for people.
CREATE FUNCTION portal.is_program(email text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT coalesce(email, '') LIKE '%@services.invalid' $$;

CREATE OR REPLACE FUNCTION portal.active_doctors() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'doctor' AND u.is_active AND NOT portal.is_program(u.email::text) $$;
CREATE OR REPLACE FUNCTION portal.active_tech() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.id FROM public.users u WHERE u.role = 'tech' AND u.is_active AND NOT portal.is_program(u.email::text) $$;

CREATE OR REPLACE FUNCTION portal.privacy_officers() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    WITH named AS (
        SELECT s.setting_value AS ids FROM public.system_settings s
        WHERE s.setting_key = 'privacy.officers' AND jsonb_typeof(s.setting_value) = 'array' AND jsonb_array_length(s.setting_value) > 0
    )
    SELECT u.id FROM public.users u
    WHERE u.is_active AND u.role <> 'patient'
      AND CASE WHEN EXISTS (SELECT FROM named) THEN (SELECT ids FROM named) ? u.id::text
               ELSE u.role = 'tech' AND NOT portal.is_program(u.email::text) END
$$;
