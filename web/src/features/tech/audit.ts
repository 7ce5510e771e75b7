import { api, take } from '@/api/client';
import type { AuditLog } from '@/api/types';

/** The filters as they stand in their fields; empty ones do not count. */
export interface AuditFilter {
  action: string;
  entity_type: string;
  status: string;
  user_id: string;
  entity_id: string;
  /** Local time, as a field of type `datetime-local` writes it. */
  from: string;
  until: string;
}

/** The acts that are audited (`AuditAction` in the server's crate `domain`). */
export const actions = [
  'sign_in',
  'sign_out',
  'sign_up',
  'revoke_session',
  'add_device',
  'add_system',
  'remove_system',
  'list_systems',
  'send_result',
  'ask_archive',
  'create_token',
  'remove_device',
  'revoke_token',
  'list_devices',
  'list_tokens',
  'step_up',
  'reset_password',
  'verify_address',
  'change_second_factor',
  'update_profile',
  'upload_report',
  'list_reports',
  'read_report',
  'read_image',
  'read_analysis',
  'request_analysis',
  'complete_analysis',
  'decline_analysis',
  'read_queue',
  'claim_report',
  'unclaim_report',
  'record_impression',
  'save_draft',
  'sign_review',
  'add_addendum',
  'save_annotations',
  'release_report',
  'list_patients',
  'create_order',
  'update_order',
  'create_patient',
  'read_history',
  'update_history',
  'read_accesses',
  'list_users',
  'create_user',
  'update_user',
  'update_setting',
  'archive_audit',
  'export_audit',
  'change_keys',
  'import_model',
  'activate_model',
  'change_model_stage',
  'request_promotion',
  'decide_promotion',
  'recalibrate_model',
  'export_training_set',
  'model_alarm',
  'read_audit',
  'retry_job',
  'note_content',
  'refuse',
] as const;

export const entityTypes = [
  'user',
  'session',
  'patient',
  'report',
  'history',
  'notification',
  'model',
  'setting',
  'job',
  'queue',
  'audit',
  'key',
  'path',
  'content',
] as const;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The filters as the server takes them; an identifier that is not whole yet is left out. */
export function queryOf(filter: AuditFilter) {
  const moment = (local: string) => (local ? new Date(local).toISOString() : undefined);
  const id = (text: string) => (UUID.test(text.trim()) ? text.trim() : undefined);
  return {
    action: filter.action || undefined,
    entity_type: filter.entity_type || undefined,
    status: filter.status || undefined,
    user_id: id(filter.user_id),
    entity_id: id(filter.entity_id),
    from: moment(filter.from),
    until: moment(filter.until),
  };
}

/** A page of the trail. */
export function readAudit(filter: AuditFilter, cursor: string | undefined, limit = 100) {
  const query = { ...queryOf(filter), limit, cursor } as never;
  return take<{ items: AuditLog[]; next_cursor?: string | null }>(api.GET('/api/audit', { params: { query } }));
}

/** All rows that pass the filter, up to a bound. */
export async function everyRow(filter: AuditFilter, most: number): Promise<AuditLog[]> {
  const rows: AuditLog[] = [];
  let cursor: string | undefined;
  do {
    const page = await readAudit(filter, cursor, 200);
    rows.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor && rows.length < most);
  return rows.slice(0, most);
}

const columns = [
  'created_at',
  'user_id',
  'user_role',
  'action',
  'entity_type',
  'entity_id',
  'status',
  'error_message',
  'ip_address',
  'user_agent',
  'old_values',
  'new_values',
] as const;

/** A cell: quoted where needed, and never a formula for the program that opens the table. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  let text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as comma-separated values (RFC 4180) with a head line. */
export function csvOf(rows: readonly AuditLog[]): string {
  const lines = rows.map((row) => columns.map((column) => csvCell(row[column])).join(','));
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
