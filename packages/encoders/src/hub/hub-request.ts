import { UniecsError } from '@uniecs/tensor';
import { hubError } from './hub-error.js';

/** How requests are made. */
export interface HubAccess {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** Of the user, for repositories that are not open to all; sent to the endpoint alone. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Requests something of the endpoint. (`fetch` does not pass the token on where it is sent to another host.)
 *
 * @param path below the endpoint
 * @param what as errors call it
 * @throws UniecsError `file` where access is refused or there is no such thing, `unavailable` where the endpoint cannot be reached or fails,
 *   `interrupted`
 */
export async function hubRequest(
  { endpoint, token, signal }: HubAccess,
  path: string,
  what: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  let response: Response;
  try {
    response = await fetch(`${endpoint}${path}`, { headers: { ...authorization, ...headers }, signal: signal ?? null });
  } catch (cause) {
    throw requestFailed(what, endpoint, cause, signal);
  }
  const { status } = response;
  if (response.ok || status === 416) return response;
  await response.body?.cancel();
  const refused = status === 401 || status === 403;
  const answers: Readonly<Record<number, string>> = {
    401: 'it does not exist, or is open to some users alone',
    403: 'this user may not read it',
    404: 'it does not exist',
  };
  const known = answers[status];
  throw hubError({
    code: known ? 'file' : 'unavailable',
    expected: `${what} from ${endpoint}`,
    got: `status ${status}${known ? `: ${known}` : ''}`,
    hint: refused
      ? 'check the name, and set HF_TOKEN to a token of a user who may read it'
      : known
        ? 'check the name and the revision'
        : 'try again later: what is there of a file is kept',
    details: { status },
  });
}

/** The error of a connection that failed, or was given up by the signal. */
export function requestFailed(what: string, endpoint: string, cause: unknown, signal?: AbortSignal): UniecsError {
  if (UniecsError.isInstance(cause)) return cause;
  const inner = cause instanceof Error && cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
  return hubError({
    code: signal?.aborted ? 'interrupted' : 'unavailable',
    expected: `${what} from ${endpoint}`,
    got: signal?.aborted ? 'the signal to stop' : `${cause instanceof Error ? cause.message : String(cause)}${inner}`,
    hint: 'run it again: it goes on where it stopped',
    cause,
  });
}
