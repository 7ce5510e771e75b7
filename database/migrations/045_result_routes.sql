-- Which signed results are sent on, and where to: as routes of films, in a table of their own.
CREATE TABLE portal.dicom_result_routes (
    route_id    uuid PRIMARY KEY,
    destination text NOT NULL REFERENCES portal.dicom_peers (ae_title) ON DELETE CASCADE,
    modality    text CONSTRAINT dicom_result_routes_modality_form CHECK (modality ~ '^[A-Z0-9_ ]{1,16}$'),
    body_part   text CONSTRAINT dicom_result_routes_body_part_form CHECK (body_part ~ '^[A-Z0-9_ ]{1,16}$'),
    sender      text REFERENCES portal.dicom_peers (ae_title) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_dicom_result_routes_once
    ON portal.dicom_result_routes (destination, coalesce(modality, ''), coalesce(body_part, ''), coalesce(sender, ''));
CREATE INDEX idx_dicom_result_routes_sender ON portal.dicom_result_routes (sender);
ALTER TABLE portal.dicom_result_routes ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.dicom_result_routes FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.dicom_result_routes TO portal_owner USING (true) WITH CHECK (true);

-- Tech sees them; they are made and removed at the command line alone, since they send patients' results elsewhere.
GRANT SELECT, INSERT, DELETE ON portal.dicom_result_routes TO portal_tech;
CREATE POLICY oversee ON portal.dicom_result_routes FOR SELECT TO portal_tech USING (true);
CREATE POLICY add_at_the_command_line ON portal.dicom_result_routes FOR INSERT TO portal_tech
    WITH CHECK ((SELECT portal.actor_id()) IS NULL);
CREATE POLICY remove_at_the_command_line ON portal.dicom_result_routes FOR DELETE TO portal_tech
    USING ((SELECT portal.actor_id()) IS NULL);

-- Asked for every film: in a language whose plans are kept between calls.
CREATE OR REPLACE FUNCTION portal.dicom_routes_of(images uuid[]) RETURNS TABLE (image_id uuid, destination text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
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

-- Where a case's signed result goes: a route that names a modality or a body part wants a film of it in the case. Whoever
-- sent the films may get the result.
CREATE FUNCTION portal.dicom_result_routes_of(report uuid) RETURNS TABLE (destination text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
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
REVOKE ALL ON FUNCTION portal.dicom_result_routes_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.dicom_result_routes_of(uuid) TO portal_doctor;
