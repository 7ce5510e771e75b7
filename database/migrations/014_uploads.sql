-- Files that come in piece by piece (tus 1.0). The bytes lie beside the blob store, and the length of the
-- file there is how much has arrived; this says whose it is and how long it should become.
CREATE TABLE portal.uploads (
    upload_id  uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    file_name  text NOT NULL CONSTRAINT uploads_file_name_length CHECK (length(file_name) BETWEEN 1 AND 120),
    size       bigint NOT NULL CONSTRAINT uploads_size_positive CHECK (size > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    taken_at   timestamptz            -- when it became part of a report; sending the report again still finds it
);
CREATE INDEX idx_uploads_user_id ON portal.uploads (user_id);
CREATE INDEX idx_uploads_expires_at ON portal.uploads (expires_at);
ALTER TABLE portal.uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.uploads TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON portal.uploads TO portal_radiologist;
GRANT UPDATE (expires_at, taken_at) ON portal.uploads TO portal_radiologist;
CREATE POLICY own_uploads ON portal.uploads TO portal_radiologist
    USING (user_id = (SELECT portal.actor_id())) WITH CHECK (user_id = (SELECT portal.actor_id()));
GRANT SELECT, DELETE ON portal.uploads TO portal_worker;
CREATE POLICY clear_expired ON portal.uploads TO portal_worker USING (true);
