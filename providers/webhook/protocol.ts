import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { Ctx } from '../../src/provider.ts';
import { createHttpApi } from '../floor/http-api.ts';
import type { Explain } from '../floor/http-failure.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type Endpoint, domainFilter, endpoints } from './answers.ts';
import type { EndpointChanges } from './endpoint-changes.ts';
import type { WebhookOptions } from './options.ts';
import { type Served, servedBy } from './zones.ts';

export const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';
export const VENDOR = 'the webhook';

/** The four requests of the protocol. */
export interface Protocol {
  /** @throws DelegatedError E_PROVIDER_UNSUPPORTED for one that speaks another version */
  negotiate(ctx: Ctx): Promise<Served>;
  records(to: string, ctx: Ctx): Promise<readonly Endpoint[]>;
  /** What the vendor would make of them; changes nothing. */
  adjust(wanted: readonly Endpoint[], ctx: Ctx): Promise<readonly Endpoint[]>;
  change(changes: EndpointChanges, to: string, ctx: Ctx): Promise<void>;
}

export function createProtocol(options: WebhookOptions, now: () => Date): Protocol {
  const api = createHttpApi({
    vendor: VENDOR,
    baseUrl: options.url,
    authorize: () => ({}),
    secrets: [],
    explain,
    timeoutMs: options.timeout * 1_000,
    now,
  });
  const accept = { accept: MEDIA_TYPE };
  const both = { ...accept, 'content-type': MEDIA_TYPE };

  return {
    async negotiate({ signal }) {
      const asked = { to: 'say which domains it serves', write: false };
      const { json, headers } = await api.send(
        { method: 'GET', path: '/', headers: accept, ...asked },
        signal,
      );
      const filter = parseAnswer(domainFilter, json, { vendor: VENDOR, ...asked });
      mustBeVersion1(headers.get('content-type') ?? '');
      return servedBy(filter);
    },
    async records(to, { signal }) {
      const asked = { to, write: false };
      const request = { method: 'GET', path: '/records', headers: accept, ...asked } as const;
      const { json } = await api.send(request, signal);
      return parseAnswer(endpoints, json, { vendor: VENDOR, ...asked });
    },
    async adjust(wanted, { signal }) {
      const asked = { to: 'adjust records to its vendor', write: false };
      const request = { method: 'POST', path: '/adjustendpoints', headers: both, body: wanted } as const;
      const { json } = await api.send({ ...request, ...asked }, signal);
      return parseAnswer(endpoints, json, { vendor: VENDOR, ...asked });
    },
    async change(changes, to, { signal }) {
      // As external-dns writes them since 0.17; Go reads its older `Create`, `UpdateOld` as the same.
      const body = Object.fromEntries(
        Object.entries(changes).filter(([, list]: [string, readonly Endpoint[]]) => list.length > 0),
      );
      const request = { method: 'POST', path: '/records', headers: both, body, to, write: true } as const;
      await api.send(request, signal);
    },
  };
}

function mustBeVersion1(contentType: string): void {
  if (contentType.toLowerCase().replace(/\s/g, '') === MEDIA_TYPE) return;
  throw new DelegatedError(
    'E_PROVIDER_UNSUPPORTED',
    `what listens there is no webhook of external-dns, or speaks another version than 1 (${contentType === '' ? 'no content type' : contentType.slice(0, 80)})`,
    {
      hint: 'check the url: it is the port of the webhook itself (8888), not that of its health checks (8080)',
    },
  );
}

/** It says no more than a status: what is wrong stands in its own log. 5xx passes, 4xx does not. */
const explain: Explain = ({ status, asked }) => {
  if (status >= 500)
    return {
      code: 'E_PROVIDER_UNAVAILABLE',
      hint: 'the protocol carries no reason: see the log of the webhook; it is tried again by itself',
      retry: BACKOFF,
    };
  if (status === 404 || status === 405 || status === 406 || status === 415)
    return {
      code: 'E_PROVIDER_UNSUPPORTED',
      hint: 'check the url: a webhook of external-dns has to listen there',
    };
  if (status === 400 || status === 422)
    return {
      code: 'E_PROVIDER_REJECTED',
      hint: `the protocol carries no reason: see the log of the webhook${asked.write ? '; it may not know SRV records' : ''}`,
    };
  return null;
};
