-- Examinations that were ordered: what other systems send (FHIR ServiceRequest), and what films are matched with by
-- their accession number.
CREATE TABLE portal.orders (
    order_id         uuid PRIMARY KEY,
    patient_id       uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    status           text NOT NULL CONSTRAINT orders_status_check CHECK (status IN ('draft', 'active', 'completed', 'revoked')),
    priority         text NOT NULL CONSTRAINT orders_priority_check CHECK (priority IN ('routine', 'urgent', 'asap', 'stat')),
    -- The number of whoever ordered, and who gave it.
    placer_issuer    text NOT NULL CONSTRAINT orders_placer_issuer_length CHECK (length(placer_issuer) <= 200),
    placer_number    text CONSTRAINT orders_placer_number_length CHECK (length(placer_number) BETWEEN 1 AND 64),
    accession_number text CONSTRAINT orders_accession_number_length CHECK (length(accession_number) BETWEEN 1 AND 16),
    procedure_system text NOT NULL CONSTRAINT orders_procedure_system_length CHECK (length(procedure_system) <= 200),
    procedure_code   text NOT NULL CONSTRAINT orders_procedure_code_length CHECK (length(procedure_code) <= 64),
    procedure_text   text NOT NULL CONSTRAINT orders_procedure_text_length CHECK (length(procedure_text) BETWEEN 1 AND 200),
    modality         text CONSTRAINT orders_modality_form CHECK (modality ~ '^[A-Z0-9_ ]{1,16}$'),
    station_ae_title text CONSTRAINT orders_station_ae_title_length CHECK (length(station_ae_title) BETWEEN 1 AND 16),
    scheduled_at     timestamptz,
    reason           text CONSTRAINT orders_reason_length CHECK (length(reason) <= 2000),
    requester        text CONSTRAINT orders_requester_length CHECK (length(requester) <= 200),
    authored_at      timestamptz,
    made_by          uuid REFERENCES public.users (id) ON DELETE SET NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
-- One order a number, so that a message that comes again changes one order and makes none; and one order an accession
-- number, so that a film is never matched to one of two patients.
CREATE UNIQUE INDEX idx_orders_placer_number ON portal.orders (placer_number, placer_issuer);
CREATE UNIQUE INDEX idx_orders_accession_number ON portal.orders (accession_number) WHERE status <> 'revoked';
CREATE INDEX idx_orders_patient_id ON portal.orders (patient_id, order_id DESC);
CREATE INDEX idx_orders_updated_at ON portal.orders (updated_at);
CREATE INDEX idx_orders_scheduled_at ON portal.orders (scheduled_at) WHERE status = 'active';
CREATE INDEX idx_orders_made_by ON portal.orders (made_by);
ALTER TABLE portal.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.orders TO portal_owner USING (true) WITH CHECK (true);

-- Whoever makes films has to know what was ordered, of whomever; nobody deletes an order: it is revoked.
GRANT SELECT ON portal.orders TO portal_patient, portal_radiologist, portal_doctor;
GRANT INSERT, UPDATE ON portal.orders TO portal_radiologist, portal_doctor;
CREATE POLICY own_orders ON portal.orders FOR SELECT TO portal_patient USING (patient_id = (SELECT portal.actor_id()));
CREATE POLICY staff_knows_orders ON portal.orders FOR SELECT TO portal_radiologist, portal_doctor USING (true);
CREATE POLICY order_films ON portal.orders FOR INSERT TO portal_radiologist, portal_doctor
    WITH CHECK (made_by = (SELECT portal.actor_id()));
CREATE POLICY change_orders ON portal.orders FOR UPDATE TO portal_radiologist, portal_doctor USING (true) WITH CHECK (true);

-- Orders go with everything else of a patient who is erased.
CREATE OR REPLACE FUNCTION portal.pseudonymise_patient(patient uuid) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    unknown uuid;
BEGIN
    FOR unknown IN SELECT t.patient_id FROM portal.unknown_patients t WHERE t.resolved_as = patient AND t.patient_id <> patient
    LOOP
        DELETE FROM portal.unknown_patients t WHERE t.patient_id = unknown;
        PERFORM portal.pseudonymise_patient(unknown);
    END LOOP;
    DELETE FROM portal.unknown_patients t WHERE t.patient_id = patient;
    DELETE FROM portal.history_proposals t WHERE t.patient_id = patient;
    DELETE FROM portal.orders t WHERE t.patient_id = patient;
    DELETE FROM public.patient_medical_history t WHERE t.patient_id = patient;
    DELETE FROM portal.patient_identifiers t WHERE t.patient_id = patient;
    DELETE FROM portal.patient_registrations t WHERE t.patient_id = patient;
    DELETE FROM portal.correction_requests t WHERE t.patient_id = patient;
    DELETE FROM portal.consents t WHERE t.patient_id = patient;
    DELETE FROM portal.invitations t WHERE t.patient_id = patient;
    DELETE FROM public.notifications t WHERE t.user_id = patient;
    DELETE FROM public.sessions t WHERE t.user_id = patient;
    DELETE FROM portal.passkeys t WHERE t.user_id = patient;
    DELETE FROM portal.passkey_challenges t WHERE t.user_id = patient;
    DELETE FROM portal.totp t WHERE t.user_id = patient;
    DELETE FROM portal.recovery_codes t WHERE t.user_id = patient;
    DELETE FROM portal.sign_in_challenges t WHERE t.user_id = patient;
    DELETE FROM portal.account_tokens t WHERE t.user_id = patient;
    DELETE FROM portal.verified_addresses t WHERE t.user_id = patient;
    DELETE FROM portal.single_sign_on_links t WHERE t.user_id = patient;
    UPDATE public.users u
    SET name = portal.pseudonym(u.id), email = u.id || '@erased.invalid', phone = NULL, date_of_birth = NULL,
        profile_picture_url = NULL, preferences = '{}', password_hash = NULL, is_active = false
    WHERE u.id = patient AND u.role = 'patient';
END
$$;
