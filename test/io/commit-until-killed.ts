/** Child of certificate-store.test.ts: commits two pairs in turn until it is killed, at a moment that it draws. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createCertificateStore } from '../../src/io/certificate-store.ts';
import { simpleFacts } from '../support/self-signed.ts';
import type { CertificateMaterial } from '../../src/ports.ts';

const [directory = '', pairsFile = ''] = process.argv.slice(2);
const parsed: unknown = JSON.parse(readFileSync(pairsFile, 'utf8'));
const pairs = Array.isArray(parsed) ? parsed.filter(isMaterial) : [];
const store = createCertificateStore({ directory, facts: simpleFacts, keep: 2, now: () => new Date() });

setTimeout(() => process.kill(process.pid, 'SIGKILL'), randomInt(1, 40));
for (;;) for (const pair of pairs) await store.commit('example.org', pair);

function isMaterial(value: unknown): value is CertificateMaterial {
  return typeof value === 'object' && value !== null && 'privateKey' in value;
}
