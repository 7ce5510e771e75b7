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
