-- Who registered a patient: that radiologist looks after the record beside the doctors. The trail knows
-- it for those registered before.
CREATE TABLE portal.patient_registrations (
    patient_id    uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    registered_by uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    registered_at timestamptz NOT NULL
);
CREATE INDEX idx_patient_registrations_registered_by ON portal.patient_registrations (registered_by);
INSERT INTO portal.patient_registrations (patient_id, registered_by, registered_at)
SELECT DISTINCT ON (a.entity_id) a.entity_id, a.user_id, a.created_at
FROM public.audit_logs a
JOIN public.users p ON p.id = a.entity_id AND p.role = 'patient'
JOIN public.users s ON s.id = a.user_id
WHERE a.action = 'create_patient' AND a.status = 'success'
ORDER BY a.entity_id, a.created_at;
ALTER TABLE portal.patient_registrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.patient_registrations FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.patient_registrations TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON portal.patient_registrations TO portal_radiologist, portal_doctor;
CREATE POLICY read_all ON portal.patient_registrations FOR SELECT TO portal_radiologist, portal_doctor USING (true);
CREATE POLICY register_own ON portal.patient_registrations FOR INSERT TO portal_radiologist, portal_doctor
    WITH CHECK (registered_by = (SELECT portal.actor_id()));

-- What a patient wants changed in the medical history: whole lists, as they should read.
CREATE TABLE portal.history_proposals (
    proposal_id      uuid PRIMARY KEY,
    patient_id       uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    content          jsonb NOT NULL CONSTRAINT history_proposals_content_object CHECK (jsonb_typeof(content) = 'object'),
    note             text CONSTRAINT history_proposals_note_length CHECK (length(note) <= 2000),
    based_on         timestamptz,       -- when the record that the patient saw was last changed; NULL: none was recorded
    proposed_at      timestamptz NOT NULL,
    state            text NOT NULL CONSTRAINT history_proposals_state_check CHECK (state IN ('open', 'accepted', 'declined', 'withdrawn')),
    answer           text CONSTRAINT history_proposals_answer_length CHECK (length(answer) <= 2000),
    decided_by       uuid REFERENCES public.users (id) ON DELETE SET NULL,
    decided_at       timestamptz,
    CONSTRAINT history_proposals_decided CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX idx_history_proposals_patient_id ON portal.history_proposals (patient_id, proposed_at DESC);
CREATE INDEX idx_history_proposals_decided_by ON portal.history_proposals (decided_by);
-- One open one a patient: a newer one takes its place.
CREATE UNIQUE INDEX idx_history_proposals_one_open ON portal.history_proposals (patient_id) WHERE state = 'open';
ALTER TABLE portal.history_proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.history_proposals FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.history_proposals TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON portal.history_proposals TO portal_patient;
GRANT UPDATE (state, decided_at) ON portal.history_proposals TO portal_patient;
GRANT SELECT ON portal.history_proposals TO portal_radiologist, portal_doctor;
GRANT UPDATE (state, answer, decided_by, decided_at) ON portal.history_proposals TO portal_radiologist, portal_doctor;
CREATE POLICY read_own ON portal.history_proposals FOR SELECT TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()));
CREATE POLICY propose_own ON portal.history_proposals FOR INSERT TO portal_patient
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND state = 'open');
CREATE POLICY withdraw_own ON portal.history_proposals FOR UPDATE TO portal_patient
    USING (patient_id = (SELECT portal.actor_id()) AND state = 'open')
    WITH CHECK (patient_id = (SELECT portal.actor_id()) AND state = 'withdrawn');
CREATE POLICY read_all ON portal.history_proposals FOR SELECT TO portal_doctor USING (true);
CREATE POLICY decide ON portal.history_proposals FOR UPDATE TO portal_doctor
    USING (state = 'open') WITH CHECK (state IN ('accepted', 'declined') AND decided_by = (SELECT portal.actor_id()));
CREATE POLICY of_those_registered ON portal.history_proposals FOR SELECT TO portal_radiologist
    USING (patient_id IN (SELECT g.patient_id FROM portal.patient_registrations g WHERE g.registered_by = (SELECT portal.actor_id())));
CREATE POLICY decide_of_those_registered ON portal.history_proposals FOR UPDATE TO portal_radiologist
    USING (state = 'open'
           AND patient_id IN (SELECT g.patient_id FROM portal.patient_registrations g WHERE g.registered_by = (SELECT portal.actor_id())))
    WITH CHECK (state IN ('accepted', 'declined') AND decided_by = (SELECT portal.actor_id()));

-- From now on patients propose, and staff writes.
REVOKE INSERT, UPDATE ON public.patient_medical_history FROM portal_patient;
GRANT INSERT, UPDATE ON public.patient_medical_history TO portal_radiologist;
CREATE POLICY keep_of_those_registered ON public.patient_medical_history TO portal_radiologist
    USING (patient_id IN (SELECT g.patient_id FROM portal.patient_registrations g WHERE g.registered_by = (SELECT portal.actor_id())))
    WITH CHECK (patient_id IN (SELECT g.patient_id FROM portal.patient_registrations g WHERE g.registered_by = (SELECT portal.actor_id())));

-- Who is to hear of the acting patient's proposal: whoever registered the patient and the doctors who read
-- films of the patient; where there is no such doctor, every doctor.
CREATE FUNCTION portal.keepers_of_own_history() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
    WITH readers AS (
        SELECT DISTINCT d.doctor_id AS id
        FROM public.doctor_reviews d
        JOIN public.medical_reports r USING (report_id)
        JOIN public.users u ON u.id = d.doctor_id AND u.is_active AND u.role = 'doctor'
        WHERE r.patient_id = portal.actor_id() AND d.reviewed_at IS NOT NULL
    )
    SELECT id FROM readers
    UNION
    SELECT u.id FROM public.users u WHERE u.role = 'doctor' AND u.is_active AND NOT EXISTS (SELECT FROM readers)
    UNION
    SELECT u.id FROM portal.patient_registrations g JOIN public.users u ON u.id = g.registered_by
    WHERE g.patient_id = portal.actor_id() AND u.is_active AND u.role IN ('radiologist', 'doctor')
$$;
REVOKE ALL ON FUNCTION portal.keepers_of_own_history() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.keepers_of_own_history() TO portal_patient;
