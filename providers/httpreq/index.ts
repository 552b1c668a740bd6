import { DelegatedError, aborted } from '../../src/errors.ts';
import type { DnsProvider } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { deepestZone } from '../floor/deepest-zone.ts';
import { type HttpApi, createHttpApi } from '../floor/http-api.ts';
import type { Explain } from '../floor/http-failure.ts';
import { type TextValue, textValues, writeInTurn } from '../floor/text-values.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { HttpreqOptions } from './options.ts';

const VENDOR = 'the httpreq server';
/** The contract says nothing of charsets: more than ASCII would arrive as other octets. */
const VALUE = /^\p{ASCII}*$/u;

/** A server that keeps the contract of lego's httpreq (https://go-acme.github.io/lego/dns/httpreq/, 2026-11). */
export function createHttpreq(options: HttpreqOptions, deps: { readonly now: () => Date }): DnsProvider {
  const zones = options.zones.map((name) => ({ id: name, name }));
  const api = createHttpApi({
    vendor: VENDOR,
    baseUrl: options.endpoint,
    ...authorization(options),
    explain,
    timeoutMs: options.timeout * 1_000,
    now: deps.now,
  });

  return {
    capabilities: CAPABILITIES,
    check: async ({ signal }) => [
      // The contract knows two requests that write and none that does not: this one proves the way and the password.
      await checkItem(`${options.endpoint} answers, and does not refuse the credentials`, () =>
        api.send(
          {
            method: 'GET',
            path: '/present',
            to: 'show itself',
            write: false,
            accept: [400, 404, 405, 415, 422, 501],
            statusOnly: true,
          },
          signal,
        ),
      ),
    ],
    async findZone(name, { signal }) {
      if (signal.aborted) throw aborted(signal);
      return deepestZone(name, zones);
    },
    async readRRsets(_, __, { signal }) {
      if (signal.aborted) throw aborted(signal);
      throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${VENDOR} cannot be asked what stands in a zone`, {
        hint: 'it is for challenges only: name another provider as the `provider` of the site',
      });
    },
    async apply(zone, changes, { signal }) {
      if (signal.aborted) throw aborted(signal);
      const values = textValues(zone, changes, VENDOR);
      for (const { name, value } of values)
        if (!VALUE.test(value))
          throw new DelegatedError('E_PROVIDER_REJECTED', `a value for ${name} is more than ASCII`, {
            hint: 'challenge values are ASCII; this provider is for nothing else',
          });
      await writeInTurn(values, (each) => post(api, each, signal));
      return { changed: values.length > 0 };
    },
  };
}

async function post(api: HttpApi, { op, name, value }: TextValue, signal: AbortSignal): Promise<void> {
  const verb = op === 'add' ? 'present' : 'cleanup';
  await api.send(
    {
      method: 'POST',
      path: `/${verb}`,
      body: { fqdn: name, value },
      to: `${verb} ${name}`,
      write: true,
      statusOnly: true,
    },
    signal,
  );
}

function authorization({ username, password }: HttpreqOptions): {
  readonly authorize: () => Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
} {
  if (username === undefined || password === undefined) return { authorize: () => ({}), secrets: [] };
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorize: () => ({ authorization: `Basic ${encoded}` }), secrets: [password, encoded] };
}

const explain: Explain = ({ status, asked }) =>
  asked.write && (status === 404 || status === 405)
    ? {
        code: 'E_PROVIDER_UNSUPPORTED',
        hint: 'check `endpoint`: the server must answer POST /present and POST /cleanup below it',
      }
    : null;
