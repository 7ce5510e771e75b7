import { sessionLost, sessionUsed } from '@/api/client';
import { Problem, problemOf } from '@/api/problem';
import type { Receipt } from '@/api/types';

/** Texts that go with the files. */
export interface UploadDetails {
  patientId?: string;
  studyType?: string;
  symptoms?: string;
}

/** Files from this size on, all files of an examination together, come piece by piece. */
export const PIECEWISE_BYTES = 1024 * 1024;
/** Bytes a piece: what is lost at most when the connection drops in the middle of one. */
export const PIECE_BYTES = 2 * 1024 * 1024;

/** A file on its way: what the portal calls it, once it has been begun there. */
export interface OnTheWay {
  file: File;
  uploadId: string | null;
}

interface Answer {
  status: number;
  body: unknown;
  header: (name: string) => string | null;
}

/** One request. `fetch` cannot tell how much of a body has left, so this is an XMLHttpRequest. */
function request(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: XMLHttpRequestBodyInit | null,
  signal: AbortSignal,
  onProgress?: (sent: number) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stopped = () => new DOMException('stopped by the user', 'AbortError');
    if (signal.aborted) {
      reject(stopped());
      return;
    }
    const sender = new XMLHttpRequest();
    sender.open(method, path);
    sender.responseType = 'json';
    for (const [name, value] of Object.entries(headers)) sender.setRequestHeader(name, value);
    if (onProgress) sender.upload.onprogress = (event) => onProgress(event.loaded);
    const stop = () => sender.abort();
    sender.onload = () => {
      signal.removeEventListener('abort', stop);
      if (sender.status >= 200 && sender.status < 300) {
        sessionUsed();
        resolve({ status: sender.status, body: sender.response, header: (name) => sender.getResponseHeader(name) });
        return;
      }
      const problem = problemOf(sender.status, sender.response, sender.getResponseHeader('x-request-id'));
      if (sender.status === 401) sessionLost();
      reject(problem);
    };
    sender.onerror = () => {
      signal.removeEventListener('abort', stop);
      reject(problemOf(0, undefined));
    };
    sender.onabort = () => reject(stopped());
    signal.addEventListener('abort', stop);
    sender.send(body);
  });
}

const tus = { 'Tus-Resumable': '1.0.0' };

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** Begins a file at the portal and says what it is called there. */
async function begin(file: File, signal: AbortSignal): Promise<string> {
  const { header } = await request(
    'POST',
    '/api/uploads',
    { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': `filename ${base64(file.name)}` },
    null,
    signal,
  );
  const id = header('Location')?.split('/').pop();
  if (!id) throw new Problem({ status: 0, code: 'unexpected_answer' });
  return id;
}

/** How much of a file has arrived; null when the portal does not know the upload any more. */
async function arrived(uploadId: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { header } = await request('HEAD', `/api/uploads/${uploadId}`, tus, null, signal);
    return Number(header('Upload-Offset') ?? 0);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** Brings a file to the portal, going on from where an earlier attempt ended. */
async function bring(
  item: OnTheWay,
  onBegun: (uploadId: string) => void,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const { file } = item;
  let uploadId = item.uploadId;
  let offset = uploadId ? await arrived(uploadId, signal) : null;
  if (uploadId === null || offset === null) {
    uploadId = await begin(file, signal);
    offset = 0;
    onBegun(uploadId);
  }
  onProgress(offset);
  while (offset < file.size) {
    const from: number = offset;
    const { header } = await request(
      'PATCH',
      `/api/uploads/${uploadId}`,
      { ...tus, 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' },
      file.slice(from, from + PIECE_BYTES),
      signal,
      (sent) => onProgress(from + sent),
    );
    offset = Number(header('Upload-Offset') ?? from + PIECE_BYTES);
    onProgress(offset);
  }
  return uploadId;
}

/**
 * Sends the files of an examination in and tells how far it is: small ones in one request, big ones piece by piece.
 * `onBegun` is told what the portal calls each file that comes in pieces, so that a later attempt can go on with it.
 */
export async function send(
  items: readonly OnTheWay[],
  details: UploadDetails,
  onBegun: (index: number, uploadId: string) => void,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<Receipt> {
  const form = new FormData();
  // The texts come first, so that the server knows them when the files arrive.
  if (details.patientId) form.append('patient_id', details.patientId);
  if (details.studyType) form.append('study_type', details.studyType);
  if (details.symptoms) form.append('symptoms', details.symptoms);
  const piecewise = items.reduce((sum, { file }) => sum + file.size, 0) >= PIECEWISE_BYTES;
  const uploads: string[] = [];
  if (piecewise) {
    let before = 0;
    for (const [index, item] of items.entries()) {
      const sent = before;
      uploads.push(
        await bring(
          item,
          (id) => onBegun(index, id),
          (part) => onProgress(sent + part),
          signal,
        ),
      );
      before += item.file.size;
    }
    for (const id of uploads) form.append('uploads', id);
  } else {
    for (const { file } of items) form.append('files', file, file.name);
  }
  const { body } = await request('POST', '/api/reports/upload', {}, form, signal, piecewise ? undefined : onProgress);
  // The report holds the films now; what the portal kept for going on may go. If this fails, it goes by itself.
  for (const id of uploads) forget(id);
  return body as Receipt;
}

/** Gives an upload up. */
export function forget(uploadId: string): void {
  void fetch(`/api/uploads/${uploadId}`, { method: 'DELETE', headers: tus, credentials: 'same-origin' }).catch(
    () => undefined,
  );
}
