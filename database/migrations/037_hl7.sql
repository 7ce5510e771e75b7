-- Systems that speak HL7 v2. Those that send patients and orders are let in by the name they give (MSH-3) and their address;
-- each stands for a service account of role radiologist, which nobody can sign in to.
CREATE TABLE portal.hl7_senders (
    application  text PRIMARY KEY CONSTRAINT hl7_senders_application_length CHECK (length(application) BETWEEN 1 AND 180),
    user_id      uuid NOT NULL REFERENCES public.users (id),
    addresses    cidr[] NOT NULL CONSTRAINT hl7_senders_some_addresses CHECK (cardinality(addresses) BETWEEN 1 AND 50),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz
);
CREATE UNIQUE INDEX idx_hl7_senders_user_id ON portal.hl7_senders (user_id);
ALTER TABLE portal.hl7_senders ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.hl7_senders FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.hl7_senders TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them; they are added and removed at the command line alone.
GRANT SELECT, INSERT, DELETE ON portal.hl7_senders TO portal_tech;
CREATE POLICY oversee ON portal.hl7_senders FOR SELECT TO portal_tech USING (true);
CREATE POLICY add_at_the_command_line ON portal.hl7_senders FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.hl7_senders FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- The account that a sender stands for, if it is on the list, comes from where it may, and the account is active; notes
-- that it was seen, to the minute. Served by the primary key.
CREATE FUNCTION portal.hl7_sender_of(sender text, peer inet, present timestamptz) RETURNS TABLE (user_id uuid, role text)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
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
REVOKE ALL ON FUNCTION portal.hl7_sender_of(text, inet, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.hl7_sender_of(text, inet, timestamptz) TO portal_anonymous;

-- Whether any sender may come from there.
CREATE FUNCTION portal.is_hl7_sender(peer inet) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT EXISTS (SELECT FROM portal.hl7_senders s, unnest(s.addresses) a WHERE peer <<= a) $$;
REVOKE ALL ON FUNCTION portal.is_hl7_sender(inet) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.is_hl7_sender(inet) TO portal_anonymous;

-- Systems that signed results are sent to.
CREATE TABLE portal.hl7_receivers (
    name        text PRIMARY KEY CONSTRAINT hl7_receivers_name_length CHECK (length(name) BETWEEN 1 AND 64),
    host        text NOT NULL CONSTRAINT hl7_receivers_host_length CHECK (length(host) BETWEEN 1 AND 253),
    port        integer NOT NULL CONSTRAINT hl7_receivers_port_range CHECK (port BETWEEN 1 AND 65535),
    -- What it is called in MSH-5 and MSH-6.
    application text NOT NULL CONSTRAINT hl7_receivers_application_length CHECK (length(application) <= 180),
    facility    text NOT NULL CONSTRAINT hl7_receivers_facility_length CHECK (length(facility) <= 180),
    is_tls      boolean NOT NULL,
    -- PEM of the authorities that it is known by; none: those that the portal's system trusts.
    authorities text CONSTRAINT hl7_receivers_authorities_length CHECK (length(authorities) <= 100000),
    created_at  timestamptz NOT NULL
);
ALTER TABLE portal.hl7_receivers ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.hl7_receivers FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.hl7_receivers TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON portal.hl7_receivers TO portal_tech;
GRANT SELECT ON portal.hl7_receivers TO portal_worker;
CREATE POLICY oversee ON portal.hl7_receivers FOR SELECT TO portal_tech, portal_worker USING (true);
CREATE POLICY add_at_the_command_line ON portal.hl7_receivers FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.hl7_receivers FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- Whether a signature has to be followed by messages: whoever signs may know that much.
CREATE FUNCTION portal.has_hl7_receivers() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT EXISTS (SELECT FROM portal.hl7_receivers) $$;
REVOKE ALL ON FUNCTION portal.has_hl7_receivers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.has_hl7_receivers() TO portal_doctor;

-- Which state of a result each receiver has taken.
CREATE TABLE portal.hl7_deliveries (
    report_id  uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    receiver   text NOT NULL REFERENCES portal.hl7_receivers (name) ON DELETE CASCADE,
    -- When the result was last changed that was taken.
    result_at  timestamptz NOT NULL,
    control_id text NOT NULL CONSTRAINT hl7_deliveries_control_id_length CHECK (length(control_id) BETWEEN 1 AND 20),
    taken_at   timestamptz NOT NULL,
    PRIMARY KEY (report_id, receiver)
);
CREATE INDEX idx_hl7_deliveries_receiver ON portal.hl7_deliveries (receiver, taken_at DESC);
ALTER TABLE portal.hl7_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.hl7_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.hl7_deliveries TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON portal.hl7_deliveries TO portal_worker;
GRANT SELECT ON portal.hl7_deliveries TO portal_tech;
CREATE POLICY send_results ON portal.hl7_deliveries TO portal_worker USING (true) WITH CHECK (true);
CREATE POLICY oversee ON portal.hl7_deliveries FOR SELECT TO portal_tech USING (true);

-- Whoever sends results has to read what is in them.
GRANT SELECT ON portal.orders, portal.patient_identifiers, portal.review_addenda, portal.dicom_studies TO portal_worker;
CREATE POLICY send_results ON portal.orders FOR SELECT TO portal_worker USING (true);
CREATE POLICY send_results ON portal.patient_identifiers FOR SELECT TO portal_worker USING (true);
CREATE POLICY send_results ON portal.review_addenda FOR SELECT TO portal_worker USING (true);
CREATE POLICY send_results ON portal.dicom_studies FOR SELECT TO portal_worker USING (true);
GRANT SELECT (phone, date_of_birth, updated_at) ON public.users TO portal_worker;
