import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconDownload } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { AuditLog } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { type Column, PagedTable } from '@/shared/PagedTable';
import { useErrorText } from '@/shared/problems';
import { Empty, PageTitle } from '@/shared/states';
import { toast } from '@/shared/toast';
import { usePages } from '@/shared/usePages';
import { type AuditFilter, actions, csvOf, entityTypes, everyRow, readAudit } from './audit';
import classes from './tech.module.css';

const EXPORT_ROWS = 10_000;
const none: AuditFilter = { action: '', entity_type: '', status: '', user_id: '', entity_id: '', from: '', until: '' };

/** The audit trail: searched, read, taken out as a table. */
export function AuditPage() {
  const { t, maybe } = useSpeech();
  const errorText = useErrorText();
  const formats = useFormats();
  const [typed, setTyped] = useState(none);
  const [filter] = useDebouncedValue(typed, 300);
  const [exporting, setExporting] = useState(false);
  const pages = usePages<AuditLog>(['audit', filter], (cursor) => readAudit(filter, cursor));
  const set = (part: Partial<AuditFilter>) => setTyped((old) => ({ ...old, ...part }));
  const columns = useMemo<Column<AuditLog>[]>(
    () => [
      {
        id: 'when',
        label: t('audit.when'),
        width: '170px',
        sortBy: (row) => row.created_at,
        cell: (row) => formats.dateTime(row.created_at),
      },
      {
        id: 'who',
        label: t('audit.who'),
        width: '1.2fr',
        cell: (row) => (
          <span>
            {row.user_role ? (maybe(`role.${row.user_role}`) ?? row.user_role) : t('accesses.portal')}
            {row.user_id && (
              <>
                <br />
                <button type="button" className={classes.link} onClick={() => set({ user_id: row.user_id ?? '' })}>
                  <span className="mono">{row.user_id.slice(-12)}</span>
                </button>
              </>
            )}
          </span>
        ),
      },
      {
        id: 'action',
        label: t('audit.action'),
        width: '1.3fr',
        sortBy: (row) => row.action,
        cell: (row) => maybe(`audit.action.${row.action}`) ?? row.action,
      },
      {
        id: 'what',
        label: t('audit.what'),
        width: '1.2fr',
        cell: (row) => (
          <span>
            {maybe(`audit.entity.${row.entity_type}`) ?? row.entity_type}
            {row.entity_id && (
              <>
                <br />
                <button type="button" className={classes.link} onClick={() => set({ entity_id: row.entity_id ?? '' })}>
                  <span className="mono">{row.entity_id.slice(-12)}</span>
                </button>
              </>
            )}
          </span>
        ),
      },
      {
        id: 'status',
        label: t('audit.status'),
        width: '110px',
        sortBy: (row) => row.status,
        cell: (row) => maybe(`audit.status.${row.status}`) ?? row.status,
      },
      {
        id: 'details',
        label: t('audit.details'),
        width: '2fr',
        cell: (row) =>
          row.old_values || row.new_values || row.error_message || row.ip_address ? (
            <details className={classes.audit}>
              <summary>{row.error_message?.slice(0, 80) ?? t('audit.show')}</summary>
              <pre className={classes.json} tabIndex={0}>
                {JSON.stringify(
                  {
                    from: row.ip_address,
                    with: row.user_agent,
                    before: row.old_values,
                    after: row.new_values,
                    error: row.error_message,
                  },
                  null,
                  2,
                )}
              </pre>
            </details>
          ) : (
            '–'
          ),
      },
    ],
    [t, maybe, formats],
  );
  const exportAll = async () => {
    setExporting(true);
    try {
      const rows = await everyRow(typed, EXPORT_ROWS);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([csvOf(rows)], { type: 'text/csv;charset=utf-8' }));
      link.download = `audit-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      toast(t('audit.exported', { count: rows.length }));
    } catch (error) {
      toast(errorText(error), 'bad');
    } finally {
      setExporting(false);
    }
  };
  const word = (list: readonly string[], kind: 'action' | 'entity' | 'status') => [
    { value: '', label: t('common.all') },
    ...list.map((value) => ({ value, label: maybe(`audit.${kind}.${value}`) ?? value })),
  ];
  return (
    <div className="page">
      <PageTitle
        text={t('audit.text')}
        aside={
          <Button
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
            loading={exporting}
            onClick={() => void exportAll()}
          >
            {t('audit.export')}
          </Button>
        }
      >
        {t('nav.audit')}
      </PageTitle>
      <div className="row" style={{ marginBottom: 16 }}>
        <NativeSelect
          label={t('audit.action')}
          value={typed.action}
          onChange={(event) => set({ action: event.currentTarget.value })}
          data={word(actions, 'action')}
        />
        <NativeSelect
          label={t('audit.what')}
          value={typed.entity_type}
          onChange={(event) => set({ entity_type: event.currentTarget.value })}
          data={word(entityTypes, 'entity')}
        />
        <NativeSelect
          label={t('audit.status')}
          value={typed.status}
          onChange={(event) => set({ status: event.currentTarget.value })}
          data={word(['success', 'failure', 'denied'], 'status')}
        />
        <TextInput
          label={t('audit.from')}
          type="datetime-local"
          value={typed.from}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.until')}
          type="datetime-local"
          value={typed.until}
          onChange={(event) => set({ until: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.userId')}
          value={typed.user_id}
          onChange={(event) => set({ user_id: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.entityId')}
          value={typed.entity_id}
          onChange={(event) => set({ entity_id: event.currentTarget.value })}
        />
        <Button variant="default" onClick={() => setTyped(none)}>
          {t('audit.clear')}
        </Button>
      </div>
      <PagedTable
        label={t('nav.audit')}
        pages={pages}
        columns={columns}
        rowKey={(row) => row.log_id}
        rowHeight={76}
        empty={<Empty title={t('audit.none')} />}
      />
    </div>
  );
}
