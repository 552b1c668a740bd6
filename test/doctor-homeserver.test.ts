import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SiteConfig } from '../src/config/config.ts';
import { parseDomainName } from '../src/dns/domain-name.ts';
import { examineHomeserver } from '../src/doctor-homeserver.ts';
import type { Condition } from '../src/health/finding.ts';
import { createHomeserverFiles } from '../src/io/homeserver-files.ts';
import { createOutputWriter } from '../src/io/output-writer.ts';
import { parseDelegableServerName, parseServerName } from '../src/matrix/server-name.ts';
import { certificate, site, srv } from './support/fake-ports.ts';
import { version } from './support/numbered-version.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const CANARY = 'canary-that-is-a-secret';
const TLS_LISTENER = {
  port: 8448,
  type: 'http',
  tls: true,
  resources: [{ names: ['client', 'federation'] }],
};
const PLAIN_LISTENER = { port: 8008, bind_addresses: ['127.0.0.1'], resources: [{ names: ['federation'] }] };

const server = (text: string) => ({ wellKnown: { server: parseServerName(text), serve: false } });

describe('doctor, of the config of Synapse', () => {
  const folder = temporaryFolder();
  const at = (...parts: string[]): string => join(folder(), ...parts);
  const output = (over = {}) => ({
    directory: at('tls'),
    keyMode: 0o640,
    certificateMode: 0o644,
    layout: 'links' as const,
    ...over,
  });
  const good = (over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
    server_name: 'example.org',
    tls_certificate_path: at('tls', 'fullchain.pem'),
    tls_private_key_path: at('tls', 'privkey.pem'),
    listeners: [PLAIN_LISTENER, TLS_LISTENER],
    macaroon_secret_key: CANARY,
    registration_shared_secret: CANARY,
    form_secret: CANARY,
    database: { name: 'psycopg2', args: { user: 'synapse', password: CANARY } },
    ...over,
  });

  async function look(over: Partial<SiteConfig>, ...paths: readonly string[]): Promise<readonly Condition[]> {
    const examined = site({
      srv: [srv(parseDomainName('matrix.example.org'))],
      certificate: certificate({ outputs: [output()] }),
      homeserver: { synapse: paths },
      ...over,
    });
    const found = await examineHomeserver(examined, createHomeserverFiles());
    assert.ok(!JSON.stringify(found).includes(CANARY));
    return found;
  }
  async function findings(
    synapse: Readonly<Record<string, unknown>> | string,
    over: Partial<SiteConfig> = {},
  ): Promise<readonly Condition[]> {
    await writeFile(at('homeserver.yaml'), typeof synapse === 'string' ? synapse : JSON.stringify(synapse));
    return look(over, at('homeserver.yaml'));
  }
  const codes = async (...args: Parameters<typeof findings>): Promise<string[]> =>
    (await findings(...args)).map(({ code }) => code);

  const paths = (cert: string, key: string) =>
    good({ tls_certificate_path: cert, tls_private_key_path: key });
  const listening = (...listeners: readonly unknown[]) => codes(good({ listeners }));

  it('finds nothing where both agree, before the first certificate and after it', async () => {
    assert.deepEqual(await findings(good()), []);
    await createOutputWriter().write(output(), version(1));
    assert.deepEqual(await findings(good()), []);
  });

  it('is silent where no config says where it is', async () => {
    assert.deepEqual(await examineHomeserver(site(), createHomeserverFiles()), []);
  });

  it('finds another server name, with a port as well, for which no SRV record is looked up', async () => {
    for (const name of ['matrix.example.org', 'example.org:8448'])
      assert.deepEqual(await codes(good({ server_name: name })), ['HOMESERVER_NAME']);
    assert.deepEqual(await codes(good({ server_name: 'Example.ORG' })), []);
    const written = { serverName: parseDelegableServerName('Example.org') };
    assert.deepEqual(await codes(good(), written), []);
  });

  describe('the paths of key and chain', () => {
    beforeEach(() => createOutputWriter().write(output({ combined: true }), version(1)));

    it('may lead into the output through links, by `current`, or to the combined file', async () => {
      await symlink(at('tls'), at('of-synapse'));
      await symlink(at('of-synapse', 'fullchain.pem'), at('cert.pem'));
      await symlink('of-synapse/current/privkey.pem', at('key.pem'));
      assert.deepEqual(await codes(paths(at('cert.pem'), at('key.pem'))), []);
      assert.deepEqual(await codes(paths(at('tls/combined.pem'), at('tls/combined.pem'))), []);
    });

    it('may not lead to one version, which is not the next one', async () => {
      const fixed = at('tls', '.versions', version(1).id);
      await symlink(join(fixed, 'fullchain.pem'), at('cert.pem'));
      for (const cert of [join(fixed, 'fullchain.pem'), at('cert.pem')])
        assert.deepEqual(await codes(paths(cert, at('tls/privkey.pem'))), ['HOMESERVER_FILES']);
    });

    it('may not lead elsewhere, in a circle, to the leaf alone, or into two outputs', async () => {
      await symlink('circle.pem', at('circle.pem'));
      for (const cert of ['/etc/other/fullchain.pem', at('circle.pem'), at('tls/cert.pem'), 'fullchain.pem'])
        assert.deepEqual(await codes(paths(cert, at('tls/privkey.pem'))), ['HOMESERVER_FILES'], cert);
      const two = [output(), output({ directory: at('tls2') })];
      const both = { certificate: certificate({ outputs: two }) };
      assert.deepEqual(await codes(paths(at('tls/fullchain.pem'), at('tls2/privkey.pem')), both), [
        'HOMESERVER_FILES',
      ]);
      assert.deepEqual(await codes(paths(at('tls2/fullchain.pem'), at('tls2/privkey.pem')), both), []);
    });

    it('are shown with what to set, and matter only where something of ours goes into them', async () => {
      const [found] = await findings(paths('/etc/other.pem', at('tls/privkey.pem')));
      assert.ok(found?.evidence.includes('tls_certificate_path: /etc/other.pem'));
      assert.ok(found?.fix.includes(at('tls/fullchain.pem')));
      assert.deepEqual(await codes(paths('/a', '/b'), { certificate: null }), []);
    });
  });

  describe('the listeners', () => {
    it('may leave TLS to a proxy, and then the paths do not matter', async () => {
      const plain = good({ listeners: [PLAIN_LISTENER], tls_certificate_path: '/nowhere' });
      const [found, more] = await findings(plain);
      assert.deepEqual([found?.code, found?.severity, more], ['HOMESERVER_PROXIED', 'info', undefined]);
      assert.deepEqual(await listening({ ...TLS_LISTENER, resources: [{ names: ['client'] }] }), [
        'HOMESERVER_PROXIED',
      ]);
      assert.deepEqual(await listening({ path: '/run/synapse.sock', resources: TLS_LISTENER.resources }), [
        'HOMESERVER_PROXIED',
      ]);
    });

    it('may say yes and on for true, as Python reads YAML', async () => {
      const yaml = JSON.stringify(good()).replace('"tls":true', '"tls":yes');
      assert.deepEqual(await codes(yaml), []);
    });

    it('have to be where the SRV record leads', async () => {
      const [found] = await findings(good({ listeners: [{ ...TLS_LISTENER, port: 443 }] }));
      assert.equal(found?.code, 'HOMESERVER_PORT');
      assert.match(found.message, /port 8448.* on 443/);
    });

    it('have to be reachable from outside', async () => {
      assert.deepEqual(await listening({ ...TLS_LISTENER, bind_addresses: ['::1', '127.0.0.1'] }), [
        'HOMESERVER_LOOPBACK',
      ]);
      assert.deepEqual(await listening({ ...TLS_LISTENER, bind_address: '127.0.0.1' }), [
        'HOMESERVER_LOOPBACK',
      ]);
      assert.deepEqual(await listening({ ...TLS_LISTENER, bind_addresses: ['127.0.0.1', '192.0.2.1'] }), []);
    });
  });

  it('finds a well-known that wins over SRV, unless the config says the same', async () => {
    const serving = good({ serve_server_wellknown: true });
    assert.deepEqual(await codes(serving), ['HOMESERVER_WELL_KNOWN']);
    assert.deepEqual(await codes(serving, server('matrix.example.org:443')), ['HOMESERVER_WELL_KNOWN']);
    assert.deepEqual(await codes(serving, server('example.org:443')), []);
  });

  it('compares the addresses that clients are told', async () => {
    const client = { 'm.homeserver': { base_url: 'https://matrix.example.org' } };
    const wellKnown = { wellKnown: { client, serve: false } };
    assert.deepEqual(await codes(good({ public_baseurl: 'https://matrix.example.org/' }), wellKnown), []);
    assert.deepEqual(await codes(good({ public_baseurl: 'https://chat.example.org/' }), wellKnown), [
      'HOMESERVER_BASE_URL',
    ]);
  });

  it('reads a folder by the names in it, and lets a later file replace whole keys', async () => {
    await mkdir(at('conf.d'));
    await writeFile(at('homeserver.yaml'), JSON.stringify(good({ server_name: 'old.example' })));
    await writeFile(at('conf.d', 'a.yaml'), 'server_name: older.example\n');
    await writeFile(at('conf.d', 'b.yaml'), 'server_name: example.org\n');
    await writeFile(at('conf.d', 'c.yaml'), '# nothing\n');
    await writeFile(at('conf.d', 'd.yaml.bak'), 'server_name: no.example\n');
    assert.deepEqual(await look({}, at('homeserver.yaml'), at('conf.d')), []);
    const order = await look({}, at('conf.d'), at('homeserver.yaml'));
    assert.deepEqual(
      order.map(({ code }) => code),
      ['HOMESERVER_NAME'],
    );
  });

  it('names the line of what is no YAML, and shows nothing of it', async () => {
    const [found, more] = await findings(`server_name: example.org\nform_secret: "${CANARY}\n`);
    assert.deepEqual([found?.code, more], ['HOMESERVER_UNREADABLE', undefined]);
    assert.match(found?.evidence[0] ?? '', /homeserver\.yaml:\d+:\d+: /);
    const [list] = await findings(`- ${CANARY}\n`);
    assert.match(list?.evidence[0] ?? '', /homeserver\.yaml:1:1: expected a mapping/);
  });

  it('compares nothing when a file is not there, since another may say otherwise', async () => {
    await writeFile(at('homeserver.yaml'), JSON.stringify(good({ server_name: 'old.example' })));
    const [found, more] = await look({}, at('homeserver.yaml'), at('absent'));
    assert.deepEqual([found?.code, more], ['HOMESERVER_UNREADABLE', undefined]);
    assert.match(found?.message ?? '', /absent \(ENOENT\)/);
  });
});
