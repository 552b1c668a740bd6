import { isRecord } from './is-record.ts';

/** A problem document (RFC 7807) as RFC 8555 §6.7 uses it. */
export interface Problem {
  /** Without the `urn:ietf:params:acme:error:` in front, such as `rateLimited`; other types are kept whole. */
  readonly type: string;
  readonly detail: string;
  /** HTTP status; 0 for a problem inside an object. */
  readonly status: number;
  readonly subproblems: readonly {
    readonly type: string;
    readonly detail: string;
    readonly identifier?: string;
  }[];
  /** A page that a person has to open (`userActionRequired`). */
  readonly instance?: string;
}

const PREFIX = 'urn:ietf:params:acme:error:';
const MAX_DETAIL = 2_000;
const MAX_SUBPROBLEMS = 100;

/**
 * A problem document out of a body or an object of the CA; null when it is none. The texts end up on a terminal, so
 * control characters are taken out of them.
 * @param status of the answer; 0 for a problem inside an object
 */
export function parseProblem(value: unknown, status: number): Problem | null {
  if (!isRecord(value) || typeof value['type'] !== 'string') return null;
  const { instance } = value;
  const subproblems = Array.isArray(value['subproblems']) ? value['subproblems'] : [];
  return {
    type: shortType(value['type']),
    detail: text(value['detail']) || text(value['title']) || 'no detail given',
    status,
    subproblems: subproblems.slice(0, MAX_SUBPROBLEMS).flatMap(parseSubproblem),
    ...(typeof instance === 'string' && { instance: text(instance) }),
  };
}

function parseSubproblem(value: unknown): Problem['subproblems'] {
  if (!isRecord(value) || typeof value['type'] !== 'string') return [];
  const { identifier } = value;
  const name = isRecord(identifier) ? text(identifier['value']) : '';
  return [
    {
      type: shortType(value['type']),
      detail: text(value['detail']),
      ...(name !== '' && { identifier: name }),
    },
  ];
}

function shortType(type: string): string {
  return text(type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type);
}

function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, MAX_DETAIL)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}
