-- A doctor's word that the film is this patient's although its header says otherwise. It covers the
-- films that were there when it was given: one that comes later with another identity asks anew.
CREATE TABLE portal.identity_confirmations (
    report_id    uuid NOT NULL REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    doctor_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE RESTRICT,
    disagreement jsonb NOT NULL CONSTRAINT identity_confirmations_disagreement_list CHECK (jsonb_typeof(disagreement) = 'array'),
    note         text CONSTRAINT identity_confirmations_note_length CHECK (length(note) <= 2000),
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (report_id, doctor_id)
);
CREATE INDEX idx_identity_confirmations_doctor_id ON portal.identity_confirmations (doctor_id);
ALTER TABLE portal.identity_confirmations ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.identity_confirmations FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.identity_confirmations TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON portal.identity_confirmations TO portal_doctor;
GRANT SELECT ON portal.identity_confirmations TO portal_radiologist;
CREATE POLICY read_all ON portal.identity_confirmations FOR SELECT TO portal_doctor USING (true);
CREATE POLICY confirm_own ON portal.identity_confirmations FOR INSERT TO portal_doctor
    WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY renew_own ON portal.identity_confirmations FOR UPDATE TO portal_doctor
    USING (doctor_id = (SELECT portal.actor_id())) WITH CHECK (doctor_id = (SELECT portal.actor_id()));
CREATE POLICY of_own_uploads ON portal.identity_confirmations FOR SELECT TO portal_radiologist
    USING (report_id IN (SELECT r.report_id FROM public.medical_reports r));
