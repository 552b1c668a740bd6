import type { HttpsOutcome, PlainOutcome } from './https-outcome.ts';

export interface HttpsRequest {
  /** IP literal, IPv6 without brackets. */
  readonly endpoint: { readonly address: string; readonly port: number };
  /** Null: none is sent, as for an IP literal. */
  readonly sni: string | null;
  /** DNS name or IP literal that the certificate has to be for. */
  readonly certName: string;
  /** The Host header. */
  readonly host: string;
  readonly path: string;
  /** The Origin header; none without it. */
  readonly origin?: string;
  /** OPTIONS instead of GET, as a browser asks whether it may send a GET with these headers. */
  readonly preflight?: { readonly headers: string };
  /** Octets of the body that are read at most. */
  readonly maxBody: number;
  /** Milliseconds for all of it. */
  readonly deadlineMs: number;
}

/** How the world is seen from outside. */
export interface HttpsLooker {
  /**
   * One GET (or the preflight of one) over a connection of its own. Follows no redirect, trusts nothing and tells everything; whatever goes
   * wrong on the other side is an outcome.
   * @throws DelegatedError E_ABORTED
   */
  get(request: HttpsRequest, ctx: { readonly signal: AbortSignal }): Promise<HttpsOutcome>;
  /**
   * The same without TLS, for whoever is sent there by a redirect; `sni` and `certName` mean nothing.
   * @throws DelegatedError E_ABORTED
   */
  getPlain(request: HttpsRequest, ctx: { readonly signal: AbortSignal }): Promise<PlainOutcome>;
}
