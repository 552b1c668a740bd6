import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { importCommand } from '../../src/commands/import.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';
import { type Issued, makeCertificate } from '../support/x509-maker.ts';

const CA = makeCertificate({ subject: 'Lab CA', isCa: true });
const DAY_MS = 86_400_000;
const NAME = 'example.org';
const document = z.object({
  sites: z.tuple([
    z.object({
      serverName: z.string(),
      certificate: z.looseObject({
        action: z.string(),
        reason: z.string(),
        nextRenewalAt: z.nullable(z.iso.datetime()),
      }),
    }),
  ]),
});

const leaf = (over: { readonly names?: readonly string[]; readonly days?: number } = {}): Issued =>
  makeCertificate({
    subject: NAME,
    names: over.names ?? [NAME],
    notAfter: new Date(Date.now() + (over.days ?? 60) * DAY_MS),
    issuer: CA,
  });
const sec1 = ({ privateKey }: Issued): string =>
  createPrivateKey(privateKey).export({ type: 'sec1', format: 'pem' }).toString();

describe('certificates import', () => {
  const folder = temporaryFolder();
  const at = (...parts: readonly string[]): string => join(folder(), ...parts);

  async function files(contents: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(contents)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    }
  }

  async function links(targets: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, target] of Object.entries(targets)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await symlink(target, at(path));
    }
  }

  async function config(): Promise<string> {
    await writeFile(
      at('config.yaml'),
      `version: 1
state: ${at('state')}
acme: { ca: letsencrypt, termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: 127.0.0.1, key: { name: k, algorithm: hmac-sha256, secret: c2VjcmV0MTIzNDU2Nzg5MA== } } }
sites:
  example.net: { provider: main, srv: [{ target: matrix.example.net }], certificate: {} }
  example.org: { provider: main, srv: [{ target: matrix.example.org }], certificate: {} }
`,
    );
    return at('config.yaml');
  }

  async function take(directory: string, site?: string): Promise<z.infer<typeof document>['sites'][0]> {
    const shell = createTestShell();
    const flags = { config: await config(), json: true, ...(site === undefined ? {} : { site }) };
    assert.equal(await importCommand(at(directory), flags, shell), 0);
    return document.parse(JSON.parse(shell.printed())).sites[0];
  }

  async function assertTaken(tool: string, directory: string, { privateKey, pem }: Issued): Promise<void> {
    const { serverName, certificate } = await take(directory);
    assert.equal(serverName, NAME);
    assert.equal(certificate.action, 'import');
    assert.ok(
      certificate.reason.startsWith(`taken over from ${tool}: ${at(directory)}/`),
      certificate.reason,
    );
    const live = at('state', 'certificates', NAME, 'current');
    assert.equal(await readFile(join(live, 'privkey.pem'), 'utf8'), privateKey);
    assert.equal(await readFile(join(live, 'fullchain.pem'), 'utf8'), pem + CA.pem);
    assert.equal(await readFile(join(live, 'chain.pem'), 'utf8'), CA.pem);
  }

  it('takes from certbot: links into the archive', async () => {
    const issued = leaf();
    await files({
      'archive/example.org/privkey2.pem': issued.privateKey,
      'archive/example.org/cert2.pem': issued.pem,
      'archive/example.org/chain2.pem': CA.pem,
      'archive/example.org/fullchain2.pem': issued.pem + CA.pem,
      'live/example.org/README': 'This directory contains your keys and certificates.',
    });
    const linked = ['privkey', 'cert', 'chain', 'fullchain'].map(
      (file) => [`live/${NAME}/${file}.pem`, `../../archive/${NAME}/${file}2.pem`] as const,
    );
    await links(Object.fromEntries(linked));
    await assertTaken('certbot', 'live/example.org', issued);
  });

  it('takes from dehydrated: links beside the versions, a key in SEC 1 after its curve', async () => {
    const issued = leaf();
    const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const contents = {
      privkey: curve + sec1(issued),
      cert: issued.pem,
      chain: CA.pem,
      fullchain: issued.pem + CA.pem,
    };
    for (const [file, content] of Object.entries(contents)) {
      await files({ [`certs/${NAME}/${file}-1790000000.pem`]: content });
      await links({ [`certs/${NAME}/${file}.pem`]: `${file}-1790000000.pem` });
    }
    await assertTaken('dehydrated', 'certs/example.org', issued);
  });

  it('takes from acme.sh', async () => {
    const issued = leaf();
    await files({
      'example.org_ecc/example.org.key': sec1(issued),
      'example.org_ecc/example.org.cer': issued.pem,
      'example.org_ecc/ca.cer': CA.pem,
      'example.org_ecc/fullchain.cer': `${issued.pem}\n${CA.pem}`,
      'example.org_ecc/example.org.conf': "Le_Domain='example.org'\n",
    });
    await assertTaken('acme.sh', 'example.org_ecc', issued);
  });

  it('takes from lego the one of several that is for the site, also where the chain is a file of its own', async () => {
    const issued = leaf();
    const other = leaf({ names: ['other.example'] });
    await files({
      'certificates/other.example.key': sec1(other),
      'certificates/other.example.crt': other.pem + CA.pem,
      'certificates/other.example.issuer.crt': CA.pem,
      'certificates/other.example.json': '{}',
      'certificates/example.org.key': sec1(issued),
      'certificates/example.org.crt': issued.pem,
      'certificates/example.org.issuer.crt': CA.pem,
      'certificates/example.org.json': '{}',
    });
    await assertTaken('lego', 'certificates', issued);
  });

  it('takes from Caddy', async () => {
    const issued = leaf();
    const path = `certificates/acme-v02.api.letsencrypt.org-directory/${NAME}`;
    await files({
      [`${path}/example.org.key`]: sec1(issued),
      [`${path}/example.org.crt`]: issued.pem + CA.pem,
      [`${path}/example.org.json`]: '{}',
    });
    await assertTaken('Caddy', path, issued);
  });

  async function certbot(directory: string, issued: Issued, key = issued): Promise<void> {
    await files({
      [`${directory}/privkey.pem`]: key.privateKey,
      [`${directory}/fullchain.pem`]: issued.pem + CA.pem,
    });
  }

  it('reckons the next renewal from the dates of what it took', async () => {
    await certbot('live', leaf({ days: 29 }));
    const { nextRenewalAt } = (await take('live')).certificate;
    // The lifetime is 30 days: a third is left, or up to a fiftieth more.
    const days = (Date.parse(nextRenewalAt ?? '') - Date.now()) / DAY_MS;
    assert.ok(days > 18.3 && days < 19.1, String(days));
  });

  it('says what deploys it', async () => {
    await certbot('live', leaf());
    const shell = createTestShell();
    assert.equal(await importCommand(at('live'), { config: await config() }, shell), 0);
    assert.match(
      shell.printed(),
      /^example\.org .* imported, until [^]*\nNext: `delegated renew example\.org` deploys it\.\n$/m,
    );
  });

  it('takes the same one once', async () => {
    await certbot('live', leaf());
    assert.equal((await take('live')).certificate.action, 'import');
    assert.equal((await take('live', NAME)).certificate.action, 'keep');
    assert.equal((await readdir(at('state', 'certificates', NAME, 'versions'))).length, 1);
  });

  it('refuses what is not right for the site, and what ends before the live one', async () => {
    const refuse = async (directory: string, why: RegExp, site?: string): Promise<void> => {
      const flags = { config: await config(), ...(site === undefined ? {} : { site }) };
      const error = await assertRefused(
        importCommand(at(directory), flags, createTestShell()),
        'E_CERTIFICATE_STORE',
      );
      assert.match(error.message, why);
    };
    await certbot('expired', leaf({ days: -1 }));
    await certbot('keyless', leaf(), leaf());
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const privateKey = rsa.export({ type: 'pkcs8', format: 'pem' }).toString();
    await certbot('other-kind', leaf(), { ...leaf(), privateKey });
    await certbot('wide', leaf({ names: [NAME, 'www.example.org'] }));
    await certbot('short', leaf({ days: 20 }));
    await certbot('long', leaf());
    await files({ 'empty/README': '', 'damaged/privkey.pem': 'x', 'damaged/fullchain.pem': leaf().pem });
    await refuse('expired', /has expired/);
    await refuse('keyless', /not that of the private key/);
    await refuse('other-kind', /not that of the private key/);
    await refuse('wide', /names that nobody ordered: www\.example\.org/);
    await refuse('long', /lacks the names example\.net/, 'example.net');
    await refuse('empty', /no certificate of another ACME client/);
    await refuse('absent', /absent/);
    await refuse('damaged', /no private key that can be read/);
    await take('long');
    await refuse('short', /lasts longer/);
    assert.equal((await readdir(at('state', 'certificates', NAME, 'versions'))).length, 1);
  });
});
