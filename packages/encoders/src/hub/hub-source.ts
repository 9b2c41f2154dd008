import { hubError } from './hub-error.js';

/** A repository of models and one of its revisions. */
export interface HubSource {
  /** `owner/name`, or the name of an old one without an owner. */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** Where repositories are looked for unless `endpoint` says otherwise (`HF_ENDPOINT`). */
export const defaultHubEndpoint = 'https://huggingface.co';

const scheme = 'hf:';
const name = /^[A-Za-z0-9][\w.-]*$/;

/** Whether a source is one of a repository rather than a path. */
export function isHubSource(source: string): boolean {
  return source.startsWith(scheme);
}

/**
 * Reads `hf:owner/name[@revision]`; the revision is `main` where it is not said.
 *
 * @throws UniecsError `argument` for anything else
 */
export function hubSource(source: string): HubSource {
  const [repository = '', revision = 'main', ...rest] = source.slice(scheme.length).split('@');
  const parts = repository.split('/');
  const steps = revision.split('/');
  const whole = [...parts, ...steps].every((part) => name.test(part) && !part.includes('..'));
  if (isHubSource(source) && whole && parts.length <= 2 && rest.length === 0) return { repository, revision };
  throw hubError({
    code: 'argument',
    expected: 'a repository as hf:owner/name or hf:owner/name@revision',
    got: `'${source}'`,
    hint: 'correct it, or pass the path of a local folder',
  });
}
