import { type Proxy, proxyConfig } from '../matrix/well-known-proxies.ts';
import { WELL_KNOWN_FOLDER, wellKnownText } from '../matrix/well-known.ts';
import { DelegatedError } from '../errors.ts';
import { filesOf } from '../publish-well-known.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface WellKnownFlags extends GlobalOptions {
  readonly for?: Proxy;
}

const EXAMPLE_ROOT = '/var/www/html';

/** The files of a site, or the configuration of what answers on port 443. Asks nobody anything. */
export async function wellKnownCommand(name: string, flags: WellKnownFlags, shell: Shell): Promise<number> {
  const config = await readConfig(flags, shell, createTools(flags, shell), 'leave');
  const [site] = selectSites(config, [name]);
  if (site === undefined) return 2;
  const files = filesOf(site);
  if (files.size === 0)
    throw new DelegatedError('E_USAGE', `the config of ${name} asks for no well-known file`, {
      hint: `add \`wellKnown: { client: { m.homeserver: { base_url: https://… } } }\` to the site; SRV says nothing to clients`,
    });
  if (flags.json === true) {
    const contents = Object.fromEntries(files);
    shell.out(`${JSON.stringify({ version: 1, serverName: name, files: contents }, null, 2)}\n`);
    return 0;
  }
  if (flags.for !== undefined) {
    const [listen] = config.wellKnown.listen;
    const question = {
      serverName: site.serverName.text,
      files,
      root: site.wellKnown?.write ?? EXAMPLE_ROOT,
      upstream: `http://${listen === undefined ? '127.0.0.1:8089' : urlHost(listen)}`,
    };
    shell.out(`${proxyConfig(flags.for, question)}\n`);
    return 0;
  }
  for (const [file, content] of files)
    shell.out(`# https://${name}/${WELL_KNOWN_FOLDER}/${file}\n${wellKnownText(content)}`);
  return 0;
}

function urlHost({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
