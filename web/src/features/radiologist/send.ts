import { sessionLost, sessionUsed } from '@/api/client';
import { problemOf } from '@/api/problem';
import type { Receipt } from '@/api/types';

/** Texts that go with the files. */
export interface UploadDetails {
  patientId?: string;
  studyType?: string;
  symptoms?: string;
}

/** Sends files in one request and tells how far it is. `fetch` cannot tell, so this is an XMLHttpRequest. */
export function send(
  files: readonly File[],
  details: UploadDetails,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<Receipt> {
  const form = new FormData();
  // The texts come first, so that the server knows them when the files arrive.
  if (details.patientId) form.append('patient_id', details.patientId);
  if (details.studyType) form.append('study_type', details.studyType);
  if (details.symptoms) form.append('symptoms', details.symptoms);
  for (const file of files) form.append('files', file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/reports/upload');
    request.responseType = 'json';
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status === 201) {
        sessionUsed();
        resolve(request.response as Receipt);
        return;
      }
      const problem = problemOf(request.status, request.response, request.getResponseHeader('x-request-id'));
      if (problem.code === 'unauthenticated') sessionLost();
      reject(problem);
    };
    request.onerror = () => reject(problemOf(0, undefined));
    request.onabort = () => reject(new DOMException('stopped by the user', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}
