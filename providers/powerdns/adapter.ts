import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { powerdnsOptions } from './options.ts';

export const powerdns = defineAdapter({
  title: 'PowerDNS Authoritative Server, HTTP API',
  capabilities: CAPABILITIES,
  options: powerdnsOptions,
  environment: {
    url: ['PDNS_API_URL'],
    apiKey: ['PDNS_API_KEY'],
    server: ['PDNS_SERVER_NAME'],
  },
  example: () =>
    'url: http://127.0.0.1:8081       # the webserver-address and webserver-port of pdns.conf\n' +
    'apiKey: { file: /etc/delegated/powerdns.key }\n',
  policy: () =>
    'PowerDNS knows one API key, and it may do everything in every zone. Narrower: the provider type rfc2136 with a\n' +
    'TSIG key of its own, which PowerDNS limits to the zones that name it:\n' +
    '  pdnsutil set-meta ZONE TSIG-ALLOW-DNSUPDATE delegated',
  create: async (options, deps) => (await import('./index.ts')).createPowerDns(options, deps),
});
