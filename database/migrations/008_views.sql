-- One row a report: the latest signed review counts.
-- The WHERE clause repeats what row-level security says, so that the view is safe on PostgreSQL 14
-- too, where a view reads with its owner's rights.
CREATE VIEW public.v_patient_reports AS
SELECT r.report_id,
       r.patient_id,
       r.patient_name,
       r.study_type,
       r.risk_score,
       r.confidence_score,
       r.upload_date,
       r.analysis_date,
       r.status,
       a.risk_probability,
       a.processed_at,
       v.review_id,
       v.doctor_id,
       v.urgency_level,
       v.reviewed_at,
       coalesce(x.released_at <= portal.present(), false) AS is_released
FROM public.medical_reports r
LEFT JOIN public.ai_analysis a ON a.report_id = r.report_id
LEFT JOIN portal.report_releases x ON x.report_id = r.report_id
LEFT JOIN LATERAL (
    SELECT d.review_id, d.doctor_id, d.urgency_level, d.reviewed_at
    FROM public.doctor_reviews d
    WHERE d.report_id = r.report_id AND d.reviewed_at IS NOT NULL
    ORDER BY d.reviewed_at DESC, d.review_id DESC
    LIMIT 1
) v ON true
WHERE (current_user <> 'portal_patient'
       OR (r.patient_id = (SELECT portal.actor_id()) AND x.released_at IS NOT NULL))
  AND (current_user <> 'portal_radiologist' OR r.radiologist_id = (SELECT portal.actor_id()));

-- How long a class of the queue may wait: a setting, with the default of the portal.
CREATE FUNCTION portal.maximum_wait(class integer) RETURNS interval
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(
        (SELECT (s.setting_value ->> (ARRAY['high', 'unscored', 'medium', 'low'])[class])::integer
         FROM public.system_settings s
         WHERE s.setting_key = 'queue.maximum_wait_minutes'),
        (ARRAY[60, 240, 480, 1440])[class]) * interval '1 minute'
$$;

-- Reports of this class that were uploaded before this moment are overdue.
CREATE FUNCTION portal.overdue_before(class integer) RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$ SELECT portal.present() - portal.maximum_wait(class) $$;

-- Open reports in reading order: SELECT ... LIMIT 10 is the worklist.
--
-- The top class merges the index ranges of high and of what is overdue in the other classes; the
-- other classes follow one after the other. Every branch walks its class's index
-- (idx_medical_reports_queue_*) and nothing is sorted, so the first page costs the same with ten
-- open reports or a million (each branch says its order itself: only then does PostgreSQL 15 merge
-- them). The joins stand as subqueries in the output, since a hash join would
-- lose the order.
CREATE VIEW public.v_doctor_priority_queue AS
SELECT q.report_id,
       q.patient_id,
       q.patient_name,
       q.study_type,
       q.risk_score,
       q.confidence_score,
       q.upload_date,
       q.analysis_date,
       (SELECT a.risk_probability FROM public.ai_analysis a WHERE a.report_id = q.report_id) AS risk_probability,
       q.priority_order,
       q.upload_date + portal.maximum_wait(portal.queue_class(q.risk_score)) AS due_at,
       q.upload_date + portal.maximum_wait(portal.queue_class(q.risk_score)) < portal.present() AS is_overdue,
       (SELECT l.doctor_id FROM portal.report_claims l
        WHERE l.report_id = q.report_id AND l.expires_at > portal.present()) AS claimed_by
FROM (
    (SELECT 1 AS priority_order, top.* FROM (
        (SELECT r.* FROM public.medical_reports r
         WHERE r.status = 'analyzed' AND r.risk_score = 'high'
         ORDER BY r.upload_date, r.report_id)
        UNION ALL
        (SELECT r.* FROM public.medical_reports r
         WHERE r.status = 'analyzed' AND r.risk_score IS NULL
           AND r.upload_date < (SELECT portal.overdue_before(2))
         ORDER BY r.upload_date, r.report_id)
        UNION ALL
        (SELECT r.* FROM public.medical_reports r
         WHERE r.status = 'analyzed' AND r.risk_score = 'medium'
           AND r.upload_date < (SELECT portal.overdue_before(3))
         ORDER BY r.upload_date, r.report_id)
        UNION ALL
        (SELECT r.* FROM public.medical_reports r
         WHERE r.status = 'analyzed' AND r.risk_score = 'low'
           AND r.upload_date < (SELECT portal.overdue_before(4))
         ORDER BY r.upload_date, r.report_id)
     ) top
     ORDER BY top.upload_date, top.report_id)
    UNION ALL
    (SELECT 2 AS priority_order, r.* FROM public.medical_reports r
     WHERE r.status = 'analyzed' AND r.risk_score IS NULL
       AND r.upload_date >= (SELECT portal.overdue_before(2))
     ORDER BY r.upload_date, r.report_id)
    UNION ALL
    (SELECT 3 AS priority_order, r.* FROM public.medical_reports r
     WHERE r.status = 'analyzed' AND r.risk_score = 'medium'
       AND r.upload_date >= (SELECT portal.overdue_before(3))
     ORDER BY r.upload_date, r.report_id)
    UNION ALL
    (SELECT 4 AS priority_order, r.* FROM public.medical_reports r
     WHERE r.status = 'analyzed' AND r.risk_score = 'low'
       AND r.upload_date >= (SELECT portal.overdue_before(4))
     ORDER BY r.upload_date, r.report_id)
) q;

-- From PostgreSQL 15 on a view can read with the rights of who asks.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 150000 THEN
        ALTER VIEW public.v_patient_reports SET (security_invoker = true);
        ALTER VIEW public.v_doctor_priority_queue SET (security_invoker = true);
    END IF;
END
$$;
