import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { useT } from '@/i18n';
import { useFormats } from '@/shared/format';
import { Shown } from '@/shared/states';
import classes from './tech.module.css';

interface Change {
  setting_key?: string;
  setting_value?: unknown;
}

/** Who changed which setting, out of the audit trail. */
export function SettingsHistory() {
  const t = useT();
  const formats = useFormats();
  const query = useQuery({
    queryKey: ['audit', 'settings'],
    queryFn: () => take(api.GET('/api/audit', { params: { query: { action: 'update_setting', limit: 50 } } })),
  });
  return (
    <Shown query={query} rows={3}>
      {({ items }) =>
        items.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('settings.history.none')}
          </Text>
        ) : (
          <div className="panel">
            {items.map((entry) => {
              const before = (entry.old_values ?? {}) as Change;
              const after = (entry.new_values ?? {}) as Change;
              return (
                <details key={entry.log_id} className={classes.audit}>
                  <summary>
                    {formats.dateTime(entry.created_at)} · {after.setting_key ?? '–'}
                  </summary>
                  <pre className={classes.json} tabIndex={0}>
                    {JSON.stringify(before.setting_value, null, 2)} → {JSON.stringify(after.setting_value, null, 2)}
                  </pre>
                </details>
              );
            })}
          </div>
        )
      }
    </Shown>
  );
}
