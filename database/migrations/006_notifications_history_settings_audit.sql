CREATE TABLE public.notifications (
    notification_id   uuid PRIMARY KEY,
    user_id           uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    type              text NOT NULL,
    priority          text NOT NULL DEFAULT 'normal' CONSTRAINT notifications_priority_check CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    title             text NOT NULL,
    message           text NOT NULL,
    action_url        text,
    is_read           boolean NOT NULL DEFAULT false,
    read_at           timestamptz,
    related_report_id uuid REFERENCES public.medical_reports (report_id) ON DELETE SET NULL,
    sent_via_email    boolean NOT NULL DEFAULT false,
    sent_via_sms      boolean NOT NULL DEFAULT false,
    sent_via_push     boolean NOT NULL DEFAULT false,
    metadata          jsonb NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz
);
CREATE INDEX idx_notifications_user_id ON public.notifications (user_id, created_at DESC, notification_id DESC);
CREATE INDEX idx_notifications_is_read ON public.notifications (is_read);
CREATE INDEX idx_notifications_type ON public.notifications (type);
CREATE INDEX idx_notifications_priority ON public.notifications (priority);
CREATE INDEX idx_notifications_created_at ON public.notifications (created_at);
CREATE INDEX idx_notifications_related_report_id ON public.notifications (related_report_id);

CREATE TABLE public.patient_medical_history (
    history_id          uuid PRIMARY KEY,
    patient_id          uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    conditions          jsonb NOT NULL DEFAULT '[]',
    allergies           jsonb NOT NULL DEFAULT '[]',
    medications         jsonb NOT NULL DEFAULT '[]',
    family_history      jsonb NOT NULL DEFAULT '[]',
    lifestyle           jsonb NOT NULL DEFAULT '{}',
    previous_procedures jsonb NOT NULL DEFAULT '[]',
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    updated_by          uuid
);
CREATE UNIQUE INDEX idx_patient_medical_history_patient_id ON public.patient_medical_history (patient_id);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.patient_medical_history
    FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

CREATE TABLE public.system_settings (
    setting_id    uuid PRIMARY KEY,
    setting_key   text NOT NULL CONSTRAINT system_settings_setting_key_key UNIQUE,
    setting_value jsonb NOT NULL,
    description   text,
    is_sensitive  boolean NOT NULL DEFAULT false,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    updated_by    uuid
);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.system_settings
    FOR EACH ROW EXECUTE FUNCTION portal.touch_updated_at();

-- Every act. Partitioned by month, so that writes stay flat and old months can be archived; the
-- partitions live in schema portal, so that public holds the twelve tables only.
CREATE TABLE public.audit_logs (
    log_id        uuid NOT NULL,
    user_id       uuid REFERENCES public.users (id) ON DELETE SET NULL,
    user_role     text,
    action        text NOT NULL,
    entity_type   text NOT NULL,
    entity_id     uuid,
    ip_address    inet,
    user_agent    text,
    old_values    jsonb,
    new_values    jsonb,
    status        text NOT NULL CONSTRAINT audit_logs_status_check CHECK (status IN ('success', 'failure', 'denied')),
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX idx_audit_logs_user_id ON public.audit_logs (user_id, created_at DESC);
CREATE INDEX idx_audit_logs_action ON public.audit_logs (action, created_at DESC);
CREATE INDEX idx_audit_logs_entity_type ON public.audit_logs (entity_type, entity_id, created_at DESC);
CREATE INDEX idx_audit_logs_created_at ON public.audit_logs (created_at DESC, log_id DESC);

CREATE FUNCTION portal.refuse_change_of_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- The one change let through is the foreign key's own: a deleted user leaves user_id NULL.
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND OLD.user_id IS NOT NULL
        AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id'
        AND NOT EXISTS (SELECT FROM public.users WHERE id = OLD.user_id)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit_logs is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_logs_append_only';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON public.audit_logs
    FOR EACH ROW EXECUTE FUNCTION portal.refuse_change_of_audit();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION portal.refuse_change_of_audit();

CREATE TABLE portal.audit_logs_default PARTITION OF public.audit_logs DEFAULT;

-- Makes the partition of one month, if it is not there. Called after the migrations and by the worker
-- ahead of time. Rows of a month without one go to the default partition, so that nothing is lost;
-- a month that has such rows keeps them there and gets none, since rows of the trail never move.
CREATE FUNCTION portal.create_audit_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    first_day date := date_trunc('month', month);
    next_month date := first_day + interval '1 month';
    name text := 'audit_logs_' || to_char(first_day, 'YYYY_MM');
BEGIN
    IF to_regclass('portal.' || name) IS NULL
        AND NOT EXISTS (SELECT FROM portal.audit_logs_default d
                        WHERE d.created_at >= first_day::timestamp AT TIME ZONE 'UTC'
                          AND d.created_at < next_month::timestamp AT TIME ZONE 'UTC')
    THEN
        EXECUTE format(
            'CREATE TABLE portal.%I PARTITION OF public.audit_logs FOR VALUES FROM (%L) TO (%L)',
            name, first_day::timestamp AT TIME ZONE 'UTC',
            next_month::timestamp AT TIME ZONE 'UTC');
    END IF;
END
$$;
REVOKE ALL ON FUNCTION portal.create_audit_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal.create_audit_partition(date) TO portal_worker;
