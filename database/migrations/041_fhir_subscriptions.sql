-- Systems that are told when a result is signed or changed, by FHIR's rest-hook.
CREATE TABLE portal.fhir_subscriptions (
    subscription_id      uuid PRIMARY KEY,
    name                 text NOT NULL CONSTRAINT fhir_subscriptions_name_length CHECK (length(name) BETWEEN 1 AND 64),
    endpoint             text NOT NULL CONSTRAINT fhir_subscriptions_endpoint_length CHECK (length(endpoint) BETWEEN 1 AND 2000),
    -- Whether the result itself is sent, or only that there is one.
    is_content_sent      boolean NOT NULL,
    -- The value of the header Authorization, sealed with the portal's key.
    sealed_authorization bytea CONSTRAINT fhir_subscriptions_sealed_length CHECK (octet_length(sealed_authorization) <= 20000),
    created_at           timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_fhir_subscriptions_name ON portal.fhir_subscriptions (name);
ALTER TABLE portal.fhir_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.fhir_subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.fhir_subscriptions TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them, but for what is sealed; they are made and removed at the command line alone, since they send patients'
-- results elsewhere. Only the worker that sends opens what is sealed, or seals it anew.
GRANT SELECT (subscription_id, name, endpoint, is_content_sent, created_at), INSERT, DELETE ON portal.fhir_subscriptions TO portal_tech;
GRANT SELECT, UPDATE (sealed_authorization) ON portal.fhir_subscriptions TO portal_worker;
CREATE POLICY oversee ON portal.fhir_subscriptions FOR SELECT TO portal_tech, portal_worker USING (true);
CREATE POLICY seal_anew ON portal.fhir_subscriptions FOR UPDATE TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY add_at_the_command_line ON portal.fhir_subscriptions FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.fhir_subscriptions FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- Whether a signature has to be followed by notices: whoever signs may know that much.
CREATE FUNCTION portal.has_fhir_subscriptions() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT EXISTS (SELECT FROM portal.fhir_subscriptions) $$;
REVOKE ALL ON FUNCTION portal.has_fhir_subscriptions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.has_fhir_subscriptions() TO portal_doctor;

-- Which state of a result each of them was told of.
CREATE TABLE portal.fhir_notices (
    report_id       uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    subscription_id uuid NOT NULL REFERENCES portal.fhir_subscriptions (subscription_id) ON DELETE CASCADE,
    -- When the result was last changed that was told of.
    result_at       timestamptz NOT NULL,
    taken_at        timestamptz NOT NULL,
    PRIMARY KEY (report_id, subscription_id)
);
CREATE INDEX idx_fhir_notices_subscription_id ON portal.fhir_notices (subscription_id, taken_at DESC);
ALTER TABLE portal.fhir_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.fhir_notices FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.fhir_notices TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON portal.fhir_notices TO portal_worker;
GRANT SELECT ON portal.fhir_notices TO portal_tech;
CREATE POLICY tell ON portal.fhir_notices TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY oversee ON portal.fhir_notices FOR SELECT TO portal_tech USING (true);
