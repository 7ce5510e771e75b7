import { api, take } from '@/api/client';
import type { Role } from '@/api/types';
import type { Translate } from '@/i18n';

/** One thing found. */
export interface Hit {
  group: 'patients' | 'reports' | 'pages' | 'users';
  to: string;
  title: string;
  text?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Looks at once for all that a role may find by this text. */
export async function searchEverything(role: Role, text: string, t: Translate): Promise<Hit[]> {
  const tasks: Promise<Hit[]>[] = [];
  if (role === 'radiologist' || role === 'doctor') tasks.push(patients(text));
  if (role !== 'tech') tasks.push(UUID.test(text) ? report(text, t) : reports(text, t));
  if (role === 'tech') tasks.push(users(text, t));
  return (await Promise.all(tasks)).flat();
}

async function patients(search: string): Promise<Hit[]> {
  const { items } = await take(api.GET('/api/patients', { params: { query: { search, limit: 6 } } }));
  return items.map((patient) => ({
    group: 'patients',
    to: `/patients/${patient.patient_id}`,
    title: patient.name,
    text: [patient.identifier, patient.date_of_birth].filter(Boolean).join(' · '),
  }));
}

async function reports(search: string, t: Translate): Promise<Hit[]> {
  const { items } = await take(api.GET('/api/reports', { params: { query: { search, limit: 6 } } }));
  return items.map((item) => ({
    group: 'reports',
    to: `/reports/${item.report_id}`,
    title: item.patient_name,
    text: [item.patient_identifier, item.upload_date.slice(0, 10), t(`status.${item.status}`)].filter(Boolean).join(' · '),
  }));
}

async function report(reportId: string, t: Translate): Promise<Hit[]> {
  try {
    const found = await take(api.GET('/api/reports/{report_id}', { params: { path: { report_id: reportId } } }));
    return [
      {
        group: 'reports',
        to: `/reports/${reportId}`,
        title: found.report.patient_name,
        text: t(`status.${found.report.status}`),
      },
    ];
  } catch {
    return [];
  }
}

async function users(search: string, t: Translate): Promise<Hit[]> {
  const { items } = await take(api.GET('/api/users', { params: { query: { search, limit: 6 } } }));
  return items.map((user) => ({
    group: 'users',
    to: `/users?search=${encodeURIComponent(user.email ?? user.name)}`,
    title: user.name,
    text: `${t(`role.${user.role}`)} · ${user.email ?? '–'}`,
  }));
}
