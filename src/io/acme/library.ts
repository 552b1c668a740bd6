/**
 * acme-client, loaded when the CA is about to be asked and not before: most runs find nothing due, and its X.509 library
 * takes longer to load than all the rest of such a run.
 */
import type AcmeApi from 'acme-client/src/api.js';
import type Crypto from 'acme-client/src/crypto/index.js';
import type HttpClient from 'acme-client/src/http.js';

export interface Library {
  readonly HttpClient: typeof HttpClient;
  readonly AcmeApi: typeof AcmeApi;
  readonly crypto: typeof Crypto;
}

let loaded: Promise<Library> | undefined;

export function library(): Promise<Library> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Library> {
  const [http, api, crypto] = await Promise.all([
    import('acme-client/src/http.js'),
    import('acme-client/src/api.js'),
    import('acme-client/src/crypto/index.js'),
  ]);
  return { HttpClient: http.default, AcmeApi: api.default, crypto: crypto.default };
}
