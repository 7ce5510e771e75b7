-- Whether somebody is a privacy officer is asked with most requests, and was answered by reading all accounts, patients' as
-- well (docs/BENCHMARKS.md, "As the years go by").

CREATE FUNCTION portal.is_privacy_officer(staff public.users) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT staff.is_active AND staff.role <> 'patient'
       AND coalesce((SELECT s.setting_value ? staff.id::text FROM public.system_settings s
                     WHERE s.setting_key = 'privacy.officers' AND jsonb_typeof(s.setting_value) = 'array'
                       AND jsonb_array_length(s.setting_value) > 0),
                    staff.role = 'tech' AND NOT portal.is_program(staff.email::text))
$$;
ALTER FUNCTION portal.is_privacy_officer(public.users) OWNER TO portal_owner;
REVOKE ALL ON FUNCTION portal.is_privacy_officer(public.users) FROM PUBLIC;

CREATE OR REPLACE FUNCTION portal.privacy_officers() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT u.id FROM public.users u WHERE u.role IN ('radiologist', 'doctor', 'tech') AND portal.is_privacy_officer(u)
$$;

CREATE OR REPLACE FUNCTION portal.is_privacy_officer() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT EXISTS (SELECT FROM public.users u WHERE u.id = portal.actor_id() AND portal.is_privacy_officer(u)) $$;

-- The barrier keeps what a view leaves out from what is asked of it, and this one leaves out no row: it only made
-- PostgreSQL work out the name of every patient for each page of accounts, and for each account by its identifier.
ALTER VIEW portal.accounts SET (security_barrier = false);
