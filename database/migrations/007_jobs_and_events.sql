-- Work to be done once, later, by some worker. A running job is held by a lease: the worker renews
-- it with a heartbeat, and everything it writes names the fencing token of its lease, so that a
-- worker which lost the lease without noticing can write nothing.
CREATE TABLE portal.jobs (
    job_id           uuid PRIMARY KEY,
    kind             text NOT NULL,
    report_id        uuid REFERENCES public.medical_reports (report_id) ON DELETE CASCADE,
    payload          jsonb NOT NULL DEFAULT '{}',
    priority         smallint NOT NULL DEFAULT 5,      -- 1 first
    state            text NOT NULL DEFAULT 'queued' CONSTRAINT jobs_state_check CHECK (state IN ('queued', 'running', 'done', 'dead')),
    attempts         integer NOT NULL DEFAULT 0,
    maximum_attempts integer NOT NULL DEFAULT 5,
    run_at           timestamptz NOT NULL DEFAULT now(),
    lease_until      timestamptz,
    fencing_token    bigint NOT NULL DEFAULT 0,
    worker           text,
    last_error       text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    finished_at      timestamptz
);
CREATE INDEX idx_jobs_ready ON portal.jobs (priority, run_at, job_id) WHERE state = 'queued';
CREATE INDEX idx_jobs_leases ON portal.jobs (lease_until) WHERE state = 'running';
CREATE INDEX idx_jobs_state ON portal.jobs (state, created_at DESC, job_id DESC);
CREATE INDEX idx_jobs_report_id ON portal.jobs (report_id);
-- The same work is queued once. A running job does not stand in the way: what arrived after it
-- began must be looked at again.
CREATE UNIQUE INDEX idx_jobs_queued_once ON portal.jobs (kind, report_id) WHERE state = 'queued' AND report_id IS NOT NULL;

CREATE FUNCTION portal.wake_workers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('portal_jobs', NEW.kind);
    RETURN NULL;
END
$$;
CREATE TRIGGER wake_workers AFTER INSERT OR UPDATE OF state, run_at ON portal.jobs
    FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION portal.wake_workers();

-- What changed, for open screens. A row says that something is to be looked at again and by whom;
-- it holds no clinical content.
CREATE TABLE portal.events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,
    report_id  uuid,
    user_id    uuid,       -- only for this user; NULL: for the role below
    role       text,       -- for every user of this role
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_events_created_at ON portal.events (created_at);

CREATE FUNCTION portal.announce_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('portal_events', NEW.event_id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER announce_event AFTER INSERT ON portal.events
    FOR EACH ROW EXECUTE FUNCTION portal.announce_event();
