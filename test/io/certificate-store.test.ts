import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CertificateArchive, createCertificateStore } from '../../src/io/certificate-store.ts';
import type { CertificateMaterial, StoredVersion } from '../../src/ports.ts';
import { selfSigned, simpleFacts } from '../support/self-signed.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LINEAGE = 'example.org';

describe('the certificate store', () => {
  const folder = temporaryFolder();
  let pairs: readonly [CertificateMaterial, CertificateMaterial];
  const at = (...parts: string[]): string => join(folder(), 'certificates', LINEAGE, ...parts);
  const store = (now = new Date(), keep = 2): CertificateArchive =>
    createCertificateStore({
      directory: join(folder(), 'certificates'),
      facts: simpleFacts,
      keep,
      now: () => now,
    });

  before(async () => {
    pairs = await Promise.all([selfSigned('a.example.org'), selfSigned('b.example.org')]);
  });

  const brokenBy = async (damage: (version: StoredVersion) => Promise<void>): Promise<string> => {
    await damage(await store().commit(LINEAGE, pairs[0]));
    const read = await store().read(LINEAGE);
    assert.ok(read !== null && 'broken' in read);
    return read.broken;
  };

  it('has nothing for a lineage that was never committed', async () => {
    assert.equal(await store().read(LINEAGE), null);
  });

  it('reads back what was committed, through one link', async () => {
    const committed = await store().commit(LINEAGE, pairs[0]);
    assert.deepEqual(await store().read(LINEAGE), committed);
    assert.equal(committed.directory, at('current'));
    assert.equal(await readlink(at('current')), `versions/${committed.id}`);
    assert.equal(await readFile(at('current', 'fullchain.pem'), 'utf8'), pairs[0].fullchain);
  });

  it('lets nobody else in', async () => {
    const { id } = await store().commit(LINEAGE, pairs[0]);
    for (const path of [at(), at('versions'), at('versions', id)])
      assert.equal((await stat(path)).mode & 0o777, 0o700, path);
    for (const file of await readdir(at('versions', id)))
      assert.equal((await stat(at('versions', id, file))).mode & 0o777, 0o600, file);
  });

  it('keeps the last versions and the live one', async () => {
    const ids: string[] = [];
    for (const pair of [...pairs, ...pairs]) ids.push((await store().commit(LINEAGE, pair)).id);
    assert.deepEqual(await store().versions(LINEAGE), ids.slice(-2));
  });

  it('sorts a new version last though the clock was set back', async () => {
    const first = await store(new Date('2030-01-01')).commit(LINEAGE, pairs[0]);
    const second = await store(new Date('2020-01-01')).commit(LINEAGE, pairs[1]);
    assert.ok(second.id > first.id);
  });

  it('goes back to an older version', async () => {
    const old = await store().commit(LINEAGE, pairs[0]);
    await store().commit(LINEAGE, pairs[1]);
    await store().activate(LINEAGE, old.id);
    assert.deepEqual(await store().read(LINEAGE), old);
    await assert.rejects(store().activate(LINEAGE, '../../etc'), { code: 'E_CERTIFICATE_STORE' });
  });

  it('refuses a key that is not the key of the certificate', async () => {
    const mixed = { ...pairs[0], privateKey: pairs[1].privateKey };
    await assert.rejects(store().commit(LINEAGE, mixed), { code: 'E_CERTIFICATE_STORE' });
    assert.equal(await store().read(LINEAGE), null);
  });

  it('keeps lineages that differ in case apart', async () => {
    await store().commit('Example.org', pairs[0]);
    assert.equal(await store().read(LINEAGE), null);
    assert.deepEqual(await store().lineages(), ['Example.org']);
  });

  describe('calls broken what cannot be used:', () => {
    it('a missing file', async () => {
      const broken = await brokenBy(() => rm(at('current', 'privkey.pem')));
      assert.match(broken, /missing in .*: privkey\.pem$/);
    });
    it('a file that cannot be parsed', async () => {
      assert.match(await brokenBy(() => writeFile(at('current', 'fullchain.pem'), 'x')), /parsed/);
    });
    it('the key of another certificate', async () => {
      assert.match(
        await brokenBy(() => writeFile(at('current', 'privkey.pem'), pairs[1].privateKey)),
        /private key is not the key/,
      );
    });
    it('a chain that is not the chain of fullchain.pem', async () => {
      assert.match(await brokenBy(() => writeFile(at('current', 'cert.pem'), pairs[1].cert)), /followed by/);
    });
    it('a link that somebody took away', async () => {
      assert.match(await brokenBy(() => rm(at('current'))), /link .* is missing/);
    });
    it('a link to somewhere else', async () => {
      const broken = await brokenBy(async () => {
        await rm(at('current'));
        await symlink('/etc', at('current'));
      });
      assert.match(broken, /not the name of a version/);
    });
  });

  it('removes what a killed process left half-written', async () => {
    await store().commit(LINEAGE, pairs[0]);
    await mkdir(at('versions', `.delegated-${'0'.repeat(24)}`));
    const { id } = await store().commit(LINEAGE, pairs[1]);
    assert.ok((await readdir(at('versions'))).every((name) => !name.startsWith('.')));
    assert.equal(await readlink(at('current')), `versions/${id}`);
  });

  it('keeps the old version on a full disk and leaves nothing behind', async function () {
    const disk = (await mountSmallDisk(join(folder(), 'certificates'))) ?? this.skip();
    try {
      const old = await store().commit(LINEAGE, pairs[0]);
      await writeFile(join(disk.path, 'filler'), Buffer.alloc(200_000)).catch(() => {});
      await assert.rejects(store().commit(LINEAGE, pairs[1]), {
        code: 'E_CERTIFICATE_STORE',
        message: /ENOSPC/,
      });
      assert.deepEqual(await store().read(LINEAGE), old);
      assert.deepEqual(await readdir(at('versions')), [old.id]);
      await disk.makeReadOnly();
      await assert.rejects(store().commit(LINEAGE, pairs[1]), {
        code: 'E_CERTIFICATE_STORE',
        message: /EROFS/,
      });
    } finally {
      await disk.unmount();
    }
  });

  it('names a whole pair whenever the writer is killed', async function () {
    this.timeout(60_000);
    const pairsFile = join(folder(), 'pairs.json');
    await writeFile(pairsFile, JSON.stringify(pairs));
    const child = join(import.meta.dirname, 'commit-until-killed.ts');
    await store().commit(LINEAGE, pairs[0]);
    for (let round = 0; round < 12; round += 1) {
      const args = ['--import', 'tsx', child, join(folder(), 'certificates'), pairsFile];
      const [, signal]: unknown[] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
      assert.equal(signal, 'SIGKILL');
      const read = await store().read(LINEAGE);
      assert.ok(read !== null && !('broken' in read), JSON.stringify(read));
    }
    await store().commit(LINEAGE, pairs[1]);
    assert.equal((await readdir(at('versions'))).length, 2);
  });
});
