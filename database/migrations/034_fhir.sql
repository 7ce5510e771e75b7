-- What FHIR asks for beside what was asked before: who of the staff somebody is, numbers of patients whoever issued
-- them, and what changed since a moment.

-- Radiologists and doctors, for those who see what they did but not their accounts. Machines are none of them.
CREATE FUNCTION portal.colleagues(wanted uuid[])
    RETURNS TABLE (id uuid, name text, role text, is_active boolean, updated_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    SELECT u.id, u.name, u.role, u.is_active, u.updated_at
    FROM public.users u
    WHERE u.role IN ('radiologist', 'doctor') AND u.email::text NOT LIKE '%@services.invalid'
      AND (wanted IS NULL OR u.id = ANY (wanted))
$$;
REVOKE ALL ON FUNCTION portal.colleagues(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.colleagues(uuid[]) TO portal_radiologist, portal_doctor;

-- One row a patient, so that writers wait for milliseconds.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX idx_patient_identifiers_identifier ON portal.patient_identifiers (identifier);
-- A million rows take about a second, during which new films wait.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX idx_medical_reports_updated_at ON public.medical_reports (updated_at);
