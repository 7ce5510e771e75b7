import createClient from 'openapi-fetch';
import { problemOf } from './problem';
import type { paths } from './schema';
import { stepUp } from './stepUp';

type Listener = () => void;
const lost = new Set<Listener>();
const seen = new Set<Listener>();

/** Calls back when the server says that nobody is signed in any more. */
export function onSessionLost(listener: Listener): () => void {
  lost.add(listener);
  return () => lost.delete(listener);
}

/** Calls back after each answer that kept the session alive. */
export function onSessionUsed(listener: Listener): () => void {
  seen.add(listener);
  return () => seen.delete(listener);
}

/** Tells that the session is over; also used by uploads, which do not go through `fetch`. */
export function sessionLost(): void {
  for (const listener of lost) listener();
}

/** Tells that the session was used. */
export function sessionUsed(): void {
  for (const listener of seen) listener();
}

/** The server's paths, typed by its OpenAPI document. The session is a cookie that scripts cannot read. */
export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? 'http://localhost' : location.origin,
  credentials: 'same-origin',
});

/** What was sent, to be sent again once whoever is there has proved who that is. */
const sent = new Map<string, Request>();

api.use({
  onRequest({ request, id }) {
    if (request.method !== 'GET') sent.set(id, request.clone());
  },
  onError({ id }) {
    sent.delete(id);
  },
  async onResponse({ response, schemaPath, id }) {
    const again = sent.get(id);
    sent.delete(id);
    if (response.ok) {
      if (schemaPath !== '/api/auth/logout') sessionUsed();
      return undefined;
    }
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const problem = problemOf(response.status, body, response.headers.get('x-request-id'));
    if (problem.code === 'step_up_required' && again && (await stepUp())) {
      const second = await fetch(again);
      if (second.ok) return second;
      throw problemOf(
        second.status,
        await second.json().catch(() => undefined),
        second.headers.get('x-request-id'),
      );
    }
    if (problem.status === 401 && problem.code === 'unauthenticated') sessionLost();
    throw problem;
  },
});

/** The body of a successful answer; refusals were thrown before. */
export async function take<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}
