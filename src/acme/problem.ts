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
