/** One field that is not right, as the server says it. */
export interface FieldError {
  field: string;
  code: string;
  detail: string;
  /** The most that is allowed, where the code is about a length. */
  limit?: number;
}

/** A file that the server did not take. */
export interface RejectedFile {
  file: string;
  code: string;
  detail: string;
}

/** A refusal or failure of the server (RFC 9457), or of the way there (`code` is `network`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: FieldError[];
  readonly rejected: RejectedFile[];

  constructor(body: {
    status: number;
    code: string;
    title?: string;
    detail?: string;
    request_id?: string | null;
    errors?: FieldError[];
    rejected?: RejectedFile[];
  }) {
    super(body.detail ?? body.title ?? body.code);
    this.name = 'Problem';
    this.status = body.status;
    this.code = body.code;
    this.title = body.title ?? body.code;
    this.requestId = body.request_id ?? undefined;
    this.errors = body.errors ?? [];
    this.rejected = body.rejected ?? [];
  }
}

/** Reads a response body as a problem; a body of another kind becomes one that says so. */
export function problemOf(status: number, body: unknown, requestId?: string | null): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body) {
    return new Problem({ request_id: requestId, ...(body as ConstructorParameters<typeof Problem>[0]), status });
  }
  return new Problem({ status, code: status === 0 ? 'network' : 'unexpected_answer', request_id: requestId });
}

/** Whether a part of the program itself did not come; browsers do not ask for it a second time until a reload. */
export function isProgramMissing(error: unknown): error is Error {
  return error instanceof Error && /preload CSS|dynamically imported module/.test(error.message);
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError || isProgramMissing(error)) {
    return new Problem({ status: 0, code: 'network', detail: error.message });
  }
  return new Problem({ status: 0, code: 'fault', detail: error instanceof Error ? error.message : String(error) });
}
