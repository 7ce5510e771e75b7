-- The way to a first password for a patient whom staff registered: a code that is handed over in person,
-- good once and for a while. Only its SHA-256 is kept.
CREATE TABLE portal.invitations (
    patient_id uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    code       text NOT NULL CONSTRAINT invitations_code_is_sha256 CHECK (code ~ '^[0-9a-f]{64}$'),
    invited_by uuid REFERENCES public.users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX idx_invitations_code ON portal.invitations (code);
CREATE INDEX idx_invitations_invited_by ON portal.invitations (invited_by);
ALTER TABLE portal.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.invitations TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT (patient_id, invited_by, created_at, expires_at), INSERT, UPDATE ON portal.invitations TO portal_radiologist, portal_doctor;
CREATE POLICY invite ON portal.invitations TO portal_radiologist, portal_doctor
    USING (true) WITH CHECK (invited_by = (SELECT portal.actor_id()));
GRANT SELECT, DELETE ON portal.invitations TO portal_anonymous;
CREATE POLICY redeem ON portal.invitations TO portal_anonymous USING (true);

-- Whether somebody can sign in with a password: staff may know that of a patient, and nothing more.
CREATE FUNCTION portal.patient_has_password(patient uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$ SELECT u.password_hash IS NOT NULL FROM public.users u WHERE u.id = patient AND u.role = 'patient' $$;

-- Staff may correct the address of a patient who has never chosen a password. From then on the address
-- belongs to the patient: whoever could change it could take the account over.
CREATE FUNCTION portal.correct_patient_address(patient uuid, address portal.citext) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    UPDATE public.users SET email = address WHERE id = patient AND role = 'patient' AND password_hash IS NULL RETURNING true
$$;
REVOKE ALL ON FUNCTION portal.patient_has_password(uuid), portal.correct_patient_address(uuid, portal.citext) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.patient_has_password(uuid), portal.correct_patient_address(uuid, portal.citext)
    TO portal_radiologist, portal_doctor;

-- A wrong number is corrected by staff as well.
GRANT UPDATE (issuer, identifier, gender) ON portal.patient_identifiers TO portal_radiologist, portal_doctor;
