/** The files as configuration of what already answers on port 443 of the server name. */
import { WELL_KNOWN_HEADERS } from './well-known-headers.ts';
import { WELL_KNOWN_FOLDER, type WellKnownFiles, isMapping } from './well-known.ts';

export const PROXIES = ['nginx', 'apache', 'haproxy', 'caddy', 'traefik', 'synapse'] as const;
export type Proxy = (typeof PROXIES)[number];

export interface ProxyQuestion {
  readonly serverName: string;
  readonly files: WellKnownFiles;
  /** Web root that the files are written to; absolute. */
  readonly root: string;
  /** `http://ADDRESS:PORT` where the daemon serves the files. */
  readonly upstream: string;
}

/** Text for a configuration file; its comments say where it goes. */
export function proxyConfig(proxy: Proxy, question: ProxyQuestion): string {
  return RENDERERS[proxy](question);
}

const headers = Object.entries(WELL_KNOWN_HEADERS);

const RENDERERS: Readonly<Record<Proxy, (question: ProxyQuestion) => string>> = {
  nginx: ({ serverName, files }) =>
    [
      `# In the server block of ${serverName}, port 443.`,
      ...each(files, (path, json) => [
        `location = /${path} {`,
        '    default_type application/json;',
        ...headers.map(([name, value]) => `    add_header ${name} "${value}" always;`),
        `    return 200 '${json}';`,
        '}',
      ]),
      ...rest((path) => [`location ^~ /${path}/ {`, '    return 404;', '}']),
    ].join('\n'),
  apache: ({ serverName, files, root }) =>
    [
      `# In the VirtualHost of ${serverName}, port 443. Needs mod_alias and mod_headers, and the files in ${root}/${WELL_KNOWN_FOLDER}`,
      `# (\`wellKnown: { write: ${root} }\`).`,
      `Alias "/${WELL_KNOWN_FOLDER}/" "${root}/${WELL_KNOWN_FOLDER}/"`,
      `<Directory "${root}/${WELL_KNOWN_FOLDER}/">`,
      '    Require all granted',
      '    ForceType application/json',
      ...headers.map(([name, value]) => `    Header always set ${name} "${value}"`),
      '</Directory>',
      ...(files.size === 0 ? ['# The config of this site asks for no file.'] : []),
    ].join('\n'),
  haproxy: ({ serverName, files }) =>
    [
      `# In the frontend that serves ${serverName} on port 443, before any use_backend. Needs HAProxy 2.2 or later.`,
      ...each(files, (path, json) => [
        `http-request return status 200 content-type application/json ${headers
          .map(([name, value]) => `hdr ${name} "${value}"`)
          .join(' ')} string '${json}' if { hdr(host) -i ${serverName} } { path /${path} }`,
      ]),
      ...rest((path) => [
        `http-request return status 404 if { hdr(host) -i ${serverName} } { path_beg /${path}/ }`,
      ]),
    ].join('\n'),
  caddy: ({ serverName, files }) =>
    [
      `# In the Caddyfile, in the site block of ${serverName}.`,
      ...each(files, (path, json) => [
        `handle /${path} {`,
        '\theader Content-Type application/json',
        ...headers.map(([name, value]) => `\theader ${name} "${value}"`),
        `\trespond \`${json}\` 200`,
        '}',
      ]),
      ...rest((path) => [`handle /${path}/* {`, '\trespond 404', '}']),
    ].join('\n'),
  traefik: ({ serverName, upstream }) =>
    [
      '# Dynamic configuration (file provider). Traefik answers nothing by itself: the daemon does',
      '# (`wellKnown: { serve: true }` of the site).',
      'http:',
      '  routers:',
      `    ${idOf(serverName)}:`,
      `      rule: "Host(\`${serverName}\`) && PathPrefix(\`/${WELL_KNOWN_FOLDER}/\`)"`,
      `      service: ${idOf(serverName)}`,
      '      tls: {}',
      '  services:',
      `    ${idOf(serverName)}:`,
      '      loadBalancer:',
      '        servers:',
      `          - url: "${upstream}"`,
    ].join('\n'),
  synapse: ({ serverName, files }) => {
    const { 'm.homeserver': homeserver, ...extra } = files.get('client') ?? {};
    const baseUrl = isBase(homeserver) ? homeserver.base_url : null;
    return [
      `# In homeserver.yaml, where Synapse itself answers https://${serverName}/ .`,
      ...serverLines(serverName, files),
      ...(baseUrl === null ? [] : [`public_baseurl: ${JSON.stringify(baseUrl)}`]),
      ...(Object.keys(extra).length === 0
        ? []
        : [`extra_well_known_client_content: ${JSON.stringify(extra)}`]),
      ...(files.has('support')
        ? ['# Synapse serves no support file: let the proxy in front of it do that.']
        : []),
    ].join('\n');
  },
};

/** Synapse always points to its own name and port 443; another delegation is not its to serve. */
function serverLines(serverName: string, files: WellKnownFiles): string[] {
  const delegated = files.get('server')?.['m.server'];
  if (delegated === undefined) return ['serve_server_wellknown: false'];
  return delegated === `${serverName}:443`
    ? ['serve_server_wellknown: true']
    : [
        `# serve_server_wellknown would say "${serverName}:443"; let the proxy in front of it say ${JSON.stringify(delegated)}.`,
        'serve_server_wellknown: false',
      ];
}

function isBase(value: unknown): value is { readonly base_url: string } {
  return (
    typeof value === 'object' && value !== null && 'base_url' in value && typeof value.base_url === 'string'
  );
}

function each(files: WellKnownFiles, render: (path: string, json: string) => string[]): string[] {
  return [...files].flatMap(([name, content]) => render(`${WELL_KNOWN_FOLDER}/${name}`, safeJson(content)));
}

/** What is not configured is answered fast: a peer that waits for a timeout waits at every first contact. */
function rest(render: (path: string) => string[]): string[] {
  return render(WELL_KNOWN_FOLDER);
}

/**
 * JSON on one line that no configuration language reads as its own: inside of texts everything but plain characters is
 * written as \uXXXX, whose backslash nginx, HAProxy and Caddy leave alone in the quotes that are used here.
 */
function safeJson(value: unknown): string {
  if (typeof value === 'string') return `"${value.replace(/[^A-Za-z0-9 .,:;/@_+=~!?()*<>|&-]/g, escape)}"`;
  if (Array.isArray(value)) return `[${value.map(safeJson).join(',')}]`;
  if (!isMapping(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${safeJson(key)}:${safeJson(inner)}`)
    .join(',')}}`;
}

/** One UTF-16 unit, or the two of a character above U+FFFF. */
function escape(char: string): string {
  return char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function idOf(serverName: string): string {
  return `matrix-${serverName.replaceAll(/[^a-z0-9]/gi, '-')}`;
}
