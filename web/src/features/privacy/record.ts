import { api, take } from '@/api/client';
import { keep } from '@/shared/download';

/** Has the browser keep everything about a patient as a ZIP file. */
export async function takeRecord(patientId: string, language: string, reason?: string): Promise<void> {
  const content = await take(
    api.POST('/api/patients/{patient_id}/export', {
      params: { path: { patient_id: patientId } },
      body: { language: language === 'de' ? 'de' : 'en', reason },
      parseAs: 'blob',
    }),
  );
  keep(content as unknown as Blob, `medical-record-${new Date().toISOString().slice(0, 10)}.zip`);
}
