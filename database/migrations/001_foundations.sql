-- Schema `portal` for everything beside the twelve tables, and the functions that the rest uses.
CREATE SCHEMA IF NOT EXISTS portal;
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA portal;

GRANT USAGE ON SCHEMA portal
    TO portal_anonymous, portal_patient, portal_radiologist, portal_doctor, portal_tech, portal_worker;

-- Who acts in this transaction. Policies call it as `(SELECT portal.actor_id())`, so that it is
-- evaluated once a query and not once a row.
CREATE FUNCTION portal.actor_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.actor_id', true), '')::uuid $$;

-- The present. The portal hands its own clock in, so that a test can move it.
CREATE FUNCTION portal.present() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('portal.present', true), '')::timestamptz, now()) $$;

CREATE FUNCTION portal.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := portal.present();
    RETURN NEW;
END
$$;
