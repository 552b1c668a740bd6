/** Child of zone-store.test.ts: adds COUNT values one by one to the file, and says of each when it is there. */
import { writeSync } from 'node:fs';
import { applyChanges } from '../../../providers/builtin/apply-changes.ts';
import { createZoneStore } from '../../../providers/builtin/zone-store.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';

const [file = '', prefix = '', count = ''] = process.argv.slice(2);
const zone = parseDomainName('example.test');
const name = under('_acme-challenge', zone);
const store = createZoneStore(file);
const { signal } = new AbortController();

for (let index = 0; index < Number(count); index += 1) {
  const value = `${prefix}${index}`;
  const change = { op: 'add', name, type: 'TXT', ttl: 60, values: [value] } as const;
  await store.change((data) => applyChanges(data, { id: zone, name: zone }, [change], [zone]), signal);
  writeSync(1, `${value}\n`);
}
