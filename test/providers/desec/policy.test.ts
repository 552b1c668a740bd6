import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { policy } from '../../../providers/desec/policy.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { RRsetKey } from '../../../src/provider.ts';

/** Stand in for curl and jq: what is sent, and what the API would answer for a domain example.org. */
const STAND_INS = [
  'curl() { case "$*" in *owns_qname=*) ;; *) for last; do :; done; echo "$last" >&2;; esac; }',
  `jq() { case "$2" in .id) echo the-id;; .token) echo the-secret;; '.[0].name') echo example.org;; esac; }`,
];

/** The indented lines of the text are a script. @returns the bodies that it sends, in their order */
async function sent(keys: readonly RRsetKey[]): Promise<readonly unknown[]> {
  const script = policy(keys)
    .split('\n')
    .filter((line) => line.startsWith('  '));
  const run = ['set -eu', 'MANAGE=canary', ...STAND_INS, ...script].join('\n');
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', run]);
  assert.equal(stdout.trim().split('\n').at(-1), 'the-secret');
  return stderr
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('the policy of desec', () => {
  it('makes a token that is denied everything but the RRsets, each in its domain', async () => {
    const keys: RRsetKey[] = [
      { name: parseDomainName('_matrix-fed._tcp.chat.example.org'), type: 'SRV' },
      { name: parseDomainName('_acme-challenge.example.org'), type: 'TXT' },
      { name: parseDomainName('example.org'), type: 'TXT' },
    ];
    assert.deepEqual(await sent(keys), [
      { name: 'delegated' },
      { domain: null, subname: null, type: null, perm_write: false },
      { domain: 'example.org', subname: '_matrix-fed._tcp.chat', type: 'SRV', perm_write: true },
      { domain: 'example.org', subname: '_acme-challenge', type: 'TXT', perm_write: true },
      { domain: 'example.org', subname: '', type: 'TXT', perm_write: true },
    ]);
  });
});
