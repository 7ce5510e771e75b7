-- Where devices listen, so that what is stored here can be sent to them: a device that asks for films says only its name
-- (C-MOVE), and films go nowhere but to where the list says that it is.
ALTER TABLE portal.dicom_peers
    ADD COLUMN host text,
    ADD COLUMN port integer,
    ADD COLUMN over_tls boolean NOT NULL DEFAULT false;
ALTER TABLE portal.dicom_peers
    ADD CONSTRAINT dicom_peers_host_length CHECK (length(host) BETWEEN 1 AND 253) NOT VALID,
    ADD CONSTRAINT dicom_peers_port_is_one CHECK (port BETWEEN 1 AND 65535) NOT VALID,
    ADD CONSTRAINT dicom_peers_host_with_port CHECK ((host IS NULL) = (port IS NULL)) NOT VALID;

-- Whoever may ask for films learns where a device listens by its name, and no list of devices.
CREATE FUNCTION portal.dicom_destination(title text) RETURNS TABLE (host text, port integer, over_tls boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT p.host, p.port, p.over_tls FROM portal.dicom_peers p WHERE p.ae_title = title AND p.host IS NOT NULL
$$;
REVOKE ALL ON FUNCTION portal.dicom_destination(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.dicom_destination(text) TO portal_radiologist, portal_doctor, portal_worker;
