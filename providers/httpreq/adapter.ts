import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { httpreqOptions } from './options.ts';

export const httpreq = defineAdapter({
  title: "a web server of your own, as lego's httpreq",
  capabilities: CAPABILITIES,
  options: httpreqOptions,
  environment: {
    endpoint: ['HTTPREQ_ENDPOINT'],
    username: ['HTTPREQ_USERNAME'],
    password: ['HTTPREQ_PASSWORD'],
  },
  example: (serverName) =>
    'endpoint: https://dns.example.net      # it answers POST /present and POST /cleanup\n' +
    `zones: ["${serverName}"]               # the zones that it serves\n` +
    'username: delegated                    # for HTTP basic authentication\n' +
    'password: { file: /etc/delegated/httpreq.password }\n',
  policy: (keys) =>
    'The server decides what a user may do. It should take TXT values at these names, and nothing else:\n' +
    keys
      .filter(({ type }) => type === 'TXT')
      .map(({ name }) => `  ${name}`)
      .join('\n'),
  create: async (options, deps) => (await import('./index.ts')).createHttpreq(options, deps),
});
