-- Devices that may send films by DICOM C-STORE: the allow-list, by AE title and address. Each stands for a service
-- account of role radiologist, which nobody can sign in to.
CREATE TABLE portal.dicom_peers (
    ae_title     text PRIMARY KEY CONSTRAINT dicom_peers_ae_title_is_one CHECK (ae_title ~ '^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$'),
    user_id      uuid NOT NULL REFERENCES public.users (id),
    addresses    cidr[] NOT NULL CONSTRAINT dicom_peers_some_addresses CHECK (cardinality(addresses) BETWEEN 1 AND 50),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz
);
CREATE UNIQUE INDEX idx_dicom_peers_user_id ON portal.dicom_peers (user_id);
ALTER TABLE portal.dicom_peers ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.dicom_peers FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.dicom_peers TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them; they are added and removed at the command line alone.
GRANT SELECT, INSERT, DELETE ON portal.dicom_peers TO portal_tech;
CREATE POLICY oversee ON portal.dicom_peers FOR SELECT TO portal_tech USING (true);
CREATE POLICY add_at_the_command_line ON portal.dicom_peers FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.dicom_peers FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- The account that a device stands for, if it is on the list, comes from where it may, and the account is active;
-- notes that it was seen, to the minute. Served by the primary key.
CREATE FUNCTION portal.dicom_peer_of(title text, peer inet, present timestamptz) RETURNS TABLE (user_id uuid, role text)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
BEGIN
    UPDATE portal.dicom_peers p SET last_seen_at = present
        WHERE p.ae_title = title AND (p.last_seen_at IS NULL OR present - p.last_seen_at > interval '1 minute')
          AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
    RETURN QUERY SELECT p.user_id, u.role::text
        FROM portal.dicom_peers p JOIN public.users u ON u.id = p.user_id
        WHERE p.ae_title = title AND u.is_active AND EXISTS (SELECT FROM unnest(p.addresses) a WHERE peer <<= a);
END
$$;
REVOKE ALL ON FUNCTION portal.dicom_peer_of(text, inet, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.dicom_peer_of(text, inet, timestamptz) TO portal_anonymous;
