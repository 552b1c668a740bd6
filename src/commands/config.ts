import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { configTemplate } from '../config/template.ts';
import { DelegatedError } from '../errors.ts';
import { parseDelegableServerName } from '../matrix/server-name.ts';
import { parseDomainName } from '../dns/domain-name.ts';
import { configFile, createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export async function configCheckCommand(flags: GlobalOptions, shell: Shell): Promise<number> {
  const config = await readConfig(flags, shell, createTools(flags, shell));
  const sites = config.sites.map(({ serverName }) => serverName.text);
  if (flags.json === true)
    shell.out(`${JSON.stringify({ version: 1, ok: true, file: config.file, sites }, null, 2)}\n`);
  else if (flags.quiet !== true)
    shell.out(
      `${config.file} is good: ${sites.length} site${sites.length === 1 ? '' : 's'} (${sites.slice(0, 10).join(', ')}${sites.length > 10 ? ', …' : ''})\n`,
    );
  return 0;
}

export async function configSchemaCommand(shell: Shell): Promise<number> {
  const [{ jsonSchema }, { allAdapters }] = await Promise.all([
    import('../config/json-schema.ts'),
    import('../../providers/registry.ts'),
  ]);
  shell.out(`${JSON.stringify(jsonSchema(await allAdapters()), null, 2)}\n`);
  return 0;
}

export interface InitFlags extends GlobalOptions {
  readonly target?: string;
  readonly provider?: string;
  readonly ca?: string;
  readonly email?: string;
}

/** Writes a commented config to start from. Never overwrites one. */
export async function configInitCommand(name: string, flags: InitFlags, shell: Shell): Promise<number> {
  const serverName = parseDelegableServerName(name).text;
  const target = flags.target ?? `matrix.${serverName}`;
  parseDomainName(target);
  const { findAdapter, providerTypes } = await import('../../providers/registry.ts');
  const provider = flags.provider ?? 'rfc2136';
  const file = configFile(flags, shell);
  const adapter = await findAdapter(provider, dirname(resolve(file)));
  if (adapter === null)
    throw new DelegatedError('E_USAGE', `there is no provider type "${provider}"`, {
      hint: `there are ${providerTypes().join(', ')}`,
    });
  const text = configTemplate({
    serverName,
    target,
    provider,
    settings: adapter.example(serverName),
    ca: flags.ca ?? 'letsencrypt',
    ...(flags.email === undefined ? {} : { email: flags.email }),
  });
  if (file === '-') {
    shell.out(text);
    return 0;
  }
  await writeNew(file, text);
  if (flags.quiet !== true)
    shell.out(
      `wrote ${file}\nNext: fill in what it asks for, then \`delegated config check\`, \`delegated plan\`, \`delegated renew\`.\n`,
    );
  return 0;
}

async function writeNew(file: string, text: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new DelegatedError('E_USAGE', `${file} is there already`, {
      hint: 'choose another file with -c, or edit that one; `-c -` prints to the terminal',
    });
  try {
    await mkdir(dirname(file), { recursive: true });
    // Secrets may come to stand in it.
    await writeFile(file, text, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    throw new DelegatedError(
      'E_USAGE',
      `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'choose another file with -c',
        cause: error,
      },
    );
  }
}
