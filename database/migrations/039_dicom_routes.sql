-- What the migration before has promised of devices holds for all of them; in a transaction of its own, so that nobody waits.
ALTER TABLE portal.dicom_peers VALIDATE CONSTRAINT dicom_peers_host_length;
ALTER TABLE portal.dicom_peers VALIDATE CONSTRAINT dicom_peers_port_is_one;
ALTER TABLE portal.dicom_peers VALIDATE CONSTRAINT dicom_peers_host_with_port;

-- Which films are sent on as they come in, and where to. A route names what it is about, or leaves it open.
CREATE TABLE portal.dicom_routes (
    route_id    uuid PRIMARY KEY,
    destination text NOT NULL REFERENCES portal.dicom_peers (ae_title) ON DELETE CASCADE,
    modality    text CONSTRAINT dicom_routes_modality_form CHECK (modality ~ '^[A-Z0-9_ ]{1,16}$'),
    body_part   text CONSTRAINT dicom_routes_body_part_form CHECK (body_part ~ '^[A-Z0-9_ ]{1,16}$'),
    sender      text REFERENCES portal.dicom_peers (ae_title) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_dicom_routes_once
    ON portal.dicom_routes (destination, coalesce(modality, ''), coalesce(body_part, ''), coalesce(sender, ''));
CREATE INDEX idx_dicom_routes_sender ON portal.dicom_routes (sender);
ALTER TABLE portal.dicom_routes ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.dicom_routes FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.dicom_routes TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them; they are made and removed at the command line alone, since they send patients' films elsewhere.
GRANT SELECT, INSERT, DELETE ON portal.dicom_routes TO portal_tech;
CREATE POLICY oversee ON portal.dicom_routes FOR SELECT TO portal_tech USING (true);
CREATE POLICY add_at_the_command_line ON portal.dicom_routes FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.dicom_routes FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- Where films that have just come in go. None goes back to whoever sent it.
CREATE FUNCTION portal.dicom_routes_of(images uuid[]) RETURNS TABLE (image_id uuid, destination text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT DISTINCT d.image_id, r.destination
    FROM portal.dicom_routes r
    JOIN portal.dicom_peers p ON p.ae_title = r.destination AND p.host IS NOT NULL
    LEFT JOIN portal.dicom_peers s ON s.ae_title = r.sender
    JOIN portal.dicom_instances d ON d.image_id = ANY (images)
    WHERE p.user_id IS DISTINCT FROM portal.actor_id()
      AND (r.modality IS NULL OR r.modality = d.modality)
      AND (r.body_part IS NULL OR r.body_part = d.body_part)
      AND (r.sender IS NULL OR s.user_id = portal.actor_id())
$$;
REVOKE ALL ON FUNCTION portal.dicom_routes_of(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.dicom_routes_of(uuid[]) TO portal_radiologist;
