-- As in 006, but one transaction at a time: two portals that attach partitions at once could wait for each
-- other for ever.
CREATE OR REPLACE FUNCTION portal.create_audit_partition(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, portal
    AS $$
DECLARE
    first_day date := date_trunc('month', month);
    next_month date := first_day + interval '1 month';
    name text := 'audit_logs_' || to_char(first_day, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(7286511);
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
