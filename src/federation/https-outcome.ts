/** What came of one HTTPS request to one address. Nothing is trusted, everything is looked at. */
export type HttpsOutcome =
  | { readonly kind: 'no-connection'; readonly why: ConnectionFailure; readonly message: string }
  | { readonly kind: 'no-handshake'; readonly why: HandshakeFailure; readonly message: string }
  /** TLS stood, and no whole HTTP answer came. */
  | { readonly kind: 'no-response'; readonly tls: TlsSight; readonly message: string }
  | { readonly kind: 'response'; readonly tls: TlsSight; readonly response: HttpResponse };

/** What came of a request without TLS. */
export type PlainOutcome =
  | Extract<HttpsOutcome, { readonly kind: 'no-connection' }>
  | { readonly kind: 'response'; readonly response: HttpResponse };

export type ConnectionFailure =
  | 'refused'
  | 'timeout'
  /** This machine cannot even try (no IPv6, mostly, or a firewall of its own): it says nothing about the server. */
  | 'no-route';

export type HandshakeFailure =
  | 'not-tls'
  /** Nothing newer than TLS 1.1 is spoken there. */
  | 'too-old'
  /** The server does not know the name in SNI, and says so. */
  | 'name-refused'
  | 'timeout'
  | 'other';

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cut at the limit of the request. */
  readonly body: string;
  readonly oversized: boolean;
}

export interface TlsSight {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** The IANA name, `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** Leaf first. Where a chain ends in a root that is trusted here, that root may be the last. */
  readonly chain: readonly CertificateSight[];
  /** Does the leaf carry the name that was asked for (RFC 6125)? */
  readonly namesMatch: boolean;
  /** Null when the chain ends in a trusted root and is in date; else OpenSSL's code, such as `CERT_HAS_EXPIRED`. */
  readonly distrust: string | null;
}

export interface CertificateSight {
  /** Common name, or the whole name where there is none. */
  readonly subject: string;
  readonly issuer: string;
  /** The dNSName and iPAddress entries of subjectAltName as text. */
  readonly names: readonly string[];
  /** Of the DER; lower-case hex. */
  readonly sha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** It is its own issuer. */
  readonly selfIssued: boolean;
}
