-- Runs of backups and of their verifications, for figures, alarms and people. The backups themselves
-- say what they hold.
CREATE TABLE portal.backups (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CONSTRAINT backups_kind_check CHECK (kind IN ('backup', 'verification')),
    backup      text NOT NULL,       -- its name at the destination
    destination text NOT NULL,       -- without secrets
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    outcome     text NOT NULL DEFAULT 'running'
                CONSTRAINT backups_outcome_check CHECK (outcome IN ('running', 'succeeded', 'failed')),
    bytes       bigint,              -- a backup: sent; a verification: read
    blobs       bigint,              -- in the backup
    error       text,
    CONSTRAINT backups_finished_check CHECK ((finished_at IS NULL) = (outcome = 'running')),
    CONSTRAINT backups_error_check CHECK ((error IS NULL) = (outcome <> 'failed'))
);
CREATE INDEX idx_backups_started_at ON portal.backups (started_at DESC, id DESC);
CREATE INDEX idx_backups_succeeded ON portal.backups (kind, finished_at DESC) WHERE outcome = 'succeeded';

ALTER TABLE portal.backups ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.backups FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_maintains ON portal.backups TO portal_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON portal.backups TO portal_tech, portal_worker;
CREATE POLICY keep_backups ON portal.backups TO portal_tech, portal_worker USING (true) WITH CHECK (true);
