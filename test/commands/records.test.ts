import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordsCommand } from '../../src/commands/records.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';

const CONFIG = `
version: 1
acme: { ca: letsencrypt, termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: 127.0.0.1, key: { name: k, algorithm: hmac-sha256, secret: c2VjcmV0MTIzNDU2Nzg5MA== } } }
sites:
  example.org:
    provider: main
    srv: [{ target: matrix.example.org, priority: 10, weight: 5 }, { target: backup.example.org, port: 443, priority: 20 }]
    ttl: 300
    legacySrv: true
    certificate: { names: ["*.example.org", chat.example.net] }
`;

describe('records', () => {
  const folder = temporaryFolder();

  async function records(flags: Parameters<typeof recordsCommand>[1], name = 'example.org'): Promise<string> {
    const file = join(folder(), 'config.yaml');
    await writeFile(file, CONFIG);
    const shell = createTestShell();
    assert.equal(await recordsCommand(name, { config: file, ...flags }, shell), 0);
    return shell.printed();
  }

  it('prints a piece of a zone file', async () => {
    assert.equal(
      await records({ format: 'zone' }),
      [
        '_matrix-fed._tcp.example.org. 300 IN SRV 10 5 8448 matrix.example.org.',
        '_matrix-fed._tcp.example.org. 300 IN SRV 20 0 443 backup.example.org.',
        '_matrix._tcp.example.org. 300 IN SRV 10 5 8448 matrix.example.org.',
        '_matrix._tcp.example.org. 300 IN SRV 20 0 443 backup.example.org.',
        '',
      ].join('\n'),
    );
  });

  it('tells a person what to enter, and which names the CA will look at', async () => {
    const text = await records({});
    assert.match(text, /^Publish at _matrix-fed\._tcp\.example\.org, type SRV, TTL 300:$/m);
    assert.match(text, /^ {2}priority 10, weight 5, port 8448, target matrix\.example\.org$/m);
    assert.deepEqual(text.match(/_acme-challenge\S*(?=, type TXT)/g), [
      '_acme-challenge.example.org',
      '_acme-challenge.chat.example.net',
    ]);
  });

  it('prints what Terraform takes, one resource with a label of its own per RRset', async () => {
    const text = await records({ format: 'terraform' });
    const labels = [...text.matchAll(/^resource "dns_srv_record_set" "(\w+)" \{$/gm)].map(
      ([, label]) => label,
    );
    assert.equal(new Set(labels).size, 2);
    assert.match(text, /zone = "example\.org\."\n {2}name = "_matrix-fed\._tcp"\n {2}ttl {2}= 300\n/);
    assert.equal(text.match(/srv \{/g)?.length, 4);
  });

  it('prints what octoDNS takes', async () => {
    const text = await records({ format: 'octodns' });
    assert.match(text, /^_matrix-fed\._tcp:\n {2}type: SRV\n {2}ttl: 300\n {2}values:\n {4}- priority: 10\n/);
  });

  it('prints JSON for scripts', async () => {
    const document: unknown = JSON.parse(await records({ json: true }));
    assert.deepEqual(document, {
      version: 1,
      serverName: 'example.org',
      records: ['_matrix-fed', '_matrix'].map((service) => ({
        name: `${service}._tcp.example.org.`,
        type: 'SRV',
        ttl: 300,
        values: ['10 5 8448 matrix.example.org.', '20 0 443 backup.example.org.'],
      })),
      challenges: ['_acme-challenge.example.org.', '_acme-challenge.chat.example.net.'],
    });
  });

  it('knows a name that is nearly right', async () => {
    const error = await assertRefused(records({}, 'exmaple.org'), 'E_USAGE');
    assert.match(error.hint ?? '', /did you mean "example\.org"/);
  });
});
