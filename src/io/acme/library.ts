/**
 * acme-client, loaded when the CA is about to be asked and not before: most runs find nothing due, and its X.509 library
 * takes longer to load than all the rest of such a run.
 */
import type AcmeApi from 'acme-client/src/api.js';
import type Crypto from 'acme-client/src/crypto/index.js';
import type HttpClient from 'acme-client/src/http.js';

export interface Signing {
  readonly HttpClient: typeof HttpClient;
  readonly AcmeApi: typeof AcmeApi;
}

let signing: Promise<Signing> | undefined;
let csr: Promise<typeof Crypto> | undefined;

/** What signs and sends; loads without the X.509 library where the build leaves it out of that half. */
export function signingLibrary(): Promise<Signing> {
  signing ??= Promise.all([import('acme-client/src/http.js'), import('acme-client/src/api.js')]).then(
    ([http, api]) => ({ HttpClient: http.default, AcmeApi: api.default }),
  );
  return signing;
}

/** What makes certificate requests: 65 ms of loading, for which the time is while the CA validates. */
export function csrLibrary(): Promise<typeof Crypto> {
  csr ??= import('acme-client/src/crypto/index.js').then((crypto) => crypto.default);
  return csr;
}
