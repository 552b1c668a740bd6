/** `npm run docs`: writes the parts of the documents that are made of the program. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { allAdapters } from '../../providers/registry.ts';
import { providerTable } from './provider-table.ts';

const file = fileURLToPath(new URL('../../docs/providers.md', import.meta.url));
const [head = [], ...rows] = providerTable(await allAdapters());
const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
const text = readFileSync(file, 'utf8').replace(
  /(npm run docs -->\n)(?:\n?\|.*)*/,
  `$1\n${lines.join('\n')}`,
);
writeFileSync(file, await format(text, { parser: 'markdown', printWidth: 140 }));
