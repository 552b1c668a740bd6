import { createTools, readConfig } from './session.ts';
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
