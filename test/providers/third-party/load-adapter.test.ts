import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { loadAdapter } from '../../../providers/third-party/load-adapter.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { testDeps } from '../../support/provider-deps.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CAPABILITIES = `{
  types: ['SRV', 'TXT'], reads: true, atomic: 'changes', cas: 'full', ttl: { min: 0, max: 300 },
  changesPerApply: 1, propagation: { typicalMs: 0, maxMs: 0 },
}`;
const PROVIDER = `{
  capabilities: ${CAPABILITIES},
  check: async () => [], findZone: async () => null, readRRsets: async () => [], apply: async () => ({ changed: false }),
}`;

/** The text of a module; each field can be another one. */
function moduleText(fields: Readonly<Record<string, string>> = {}): string {
  const all = {
    apiVersion: '1',
    title: "'a test'",
    capabilities: CAPABILITIES,
    create: `() => (${PROVIDER})`,
    ...fields,
  };
  return `export const adapter = { ${Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')} };`;
}

describe('an adapter of a third party', () => {
  const folder = temporaryFolder();
  const write = async (path: string, text: string): Promise<void> => {
    const file = join(folder(), path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  const titleOf = async (type: string, configFolder = folder()): Promise<string> =>
    (await loadAdapter(type, configFolder)).title;

  const install = async (
    name: string,
    manifest: Readonly<Record<string, unknown>>,
    files: Readonly<Record<string, string>>,
  ): Promise<void> => {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, ...manifest }));
    for (const [file, text] of Object.entries(files)) await write(`node_modules/${name}/${file}`, text);
  };

  const make = async (type: string): Promise<unknown> =>
    (await loadAdapter(type, folder())).create({}, testDeps(folder()));

  describe('as a file', () => {
    it('lies relative to the config, or anywhere', async () => {
      await write('a/one.mjs', moduleText());
      assert.equal(await titleOf('./a/one.mjs'), 'a test');
      assert.equal(await titleOf('../one.mjs', join(folder(), 'a', 'b')), 'a test');
      assert.equal(await titleOf(join(folder(), 'a/one.mjs'), '/'), 'a test');
    });

    it('that is not there is named', async () => {
      await mkdir(join(folder(), 'a-folder.mjs'));
      for (const type of ['./absent.mjs', './a-folder.mjs']) {
        const error = await assertRefused(loadAdapter(type, folder()), 'E_PROVIDER_UNKNOWN');
        assert.ok(error.message.includes(join(folder(), type)), error.message);
        assert.match(error.hint ?? '', /relative to the folder of the config/);
      }
    });

    it('that throws, or lacks what it imports, is named with the reason', async () => {
      await write('throws.mjs', "throw new TypeError('not today');");
      await write('lacks.mjs', "import 'a-package-that-nobody-has';");
      await write('typo.mjs', 'export const = 1;');
      for (const [file, reason] of [
        ['throws.mjs', /TypeError: not today/],
        ['lacks.mjs', /a-package-that-nobody-has/],
        ['typo.mjs', /SyntaxError/],
      ] as const) {
        const error = await assertRefused(loadAdapter(`./${file}`, folder()), 'E_PROVIDER_UNKNOWN');
        assert.match(error.message, reason);
        assert.ok(error.message.startsWith(join(folder(), file)));
      }
    });

    it('that never gets ready is given up', async () => {
      await write('waits.mjs', `await new Promise(() => undefined);\n${moduleText()}`);
      const error = await assertRefused(loadAdapter('./waits.mjs', folder(), 20), 'E_PROVIDER_UNKNOWN');
      assert.match(error.message, /waits\.mjs cannot be loaded: Error: it is not ready after 0\.02 s/);
    });

    it('may export itself as its default, or be CommonJS', async () => {
      await write('default.mjs', moduleText().replace('export const adapter =', 'export default'));
      await write('common.cjs', moduleText().replace('export const adapter =', 'exports.adapter ='));
      await write('esm-in-cjs.cjs', moduleText().replace('export const adapter =', 'exports.default ='));
      for (const file of ['./default.mjs', './common.cjs', './esm-in-cjs.cjs'])
        assert.equal(await titleOf(file), 'a test', file);
    });
  });

  describe('as a package', () => {
    it('is found beside the config and in the folders above', async () => {
      await install('@scope/name', { type: 'module', exports: './main.js' }, { 'main.js': moduleText() });
      assert.equal(await titleOf('pkg:@scope/name'), 'a test');
      assert.equal(await titleOf('pkg:@scope/name', join(folder(), 'deep', 'down')), 'a test');
    });

    it('is found where delegated is installed as well', async () => {
      const error = await assertRefused(loadAdapter('pkg:yaml', folder()), 'E_PROVIDER_UNSUPPORTED');
      assert.match(error.message, /node_modules\/yaml\/.*: apiVersion: expected 1/);
    });

    it('names its entry in every way that Node knows', async () => {
      const entries: Readonly<Record<string, unknown>> = {
        text: './lib/it.mjs',
        dot: { '.': './lib/it.mjs', './other': './no.mjs' },
        conditions: { types: './it.d.ts', browser: './no.mjs', import: './lib/it.mjs', default: './no.cjs' },
        nested: { '.': [{ node: { require: './no.cjs', import: './lib/it.mjs' } }, './no.mjs'] },
      };
      for (const [name, exports] of Object.entries(entries)) {
        await install(name, { exports, main: './no.cjs' }, { 'lib/it.mjs': moduleText() });
        assert.equal(await titleOf(`pkg:${name}`), 'a test', name);
      }
      await install('with-main', { main: 'lib/it.mjs' }, { 'lib/it.mjs': moduleText() });
      await install('short', { main: 'lib', type: 'module' }, { 'lib/index.js': moduleText() });
      await install('plain', { type: 'module' }, { 'index.js': moduleText() });
      for (const name of ['with-main', 'short', 'plain'])
        assert.equal(await titleOf(`pkg:${name}`), 'a test', name);
    });

    it('that is of no use is named, with what to do', async () => {
      await install('outside', { exports: './../../../one.mjs' }, {});
      await write('one.mjs', moduleText());
      await install('none', { exports: { './other': './other.mjs' } }, {});
      await write('node_modules/broken/package.json', '{');
      const refusals: Readonly<Record<string, RegExp>> = {
        'pkg:outside': /outside\/package\.json names no entry/,
        'pkg:none': /none\/package\.json names no entry/,
        'pkg:broken': /broken\/package\.json is no JSON/,
        'pkg:absent': /the package absent is neither/,
        'pkg:@scope/absent': /the package @scope\/absent is neither/,
        'pkg:': /names no package/,
        'pkg:../one.mjs': /names no package/,
        'pkg:none/other': /names no package/,
        'pkg:none@1': /names no package/,
      };
      for (const [type, message] of Object.entries(refusals)) {
        const error = await assertRefused(loadAdapter(type, folder()), 'E_PROVIDER_UNKNOWN');
        assert.match(error.message, message);
        assert.notEqual(error.hint, undefined);
      }
      const { hint } = await assertRefused(loadAdapter('pkg:absent', folder()), 'E_PROVIDER_UNKNOWN');
      assert.ok(hint?.includes(`npm install --prefix ${folder()} absent`));
    });
  });

  it('that is none, or one of another version, says what is wrong with it', async () => {
    const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
      nothing: ['export const other = 1;', /exports no provider/],
      text: ["export default 'adapter';", /exports no provider/],
      version: [moduleText({ apiVersion: '2' }), /apiVersion: expected 1, got 2/],
      unversioned: [moduleText({ apiVersion: 'undefined' }), /apiVersion: expected 1, got nothing/],
      create: [moduleText({ create: 'undefined' }), /create: expected a function/],
      capabilities: [
        moduleText({ capabilities: "{ types: ['A'], cas: 'some' }" }),
        /capabilities\.types\.0: .*capabilities\.cas: /,
      ],
      options: [moduleText({ options: '{ file: String }' }), /options: expected a Standard Schema/],
      environment: [moduleText({ environment: "{ file: 'FILE' }" }), /environment\.file/],
    };
    for (const [name, [text, message]] of Object.entries(wrong)) {
      await write(`${name}.mjs`, text);
      const error = await assertRefused(loadAdapter(`./${name}.mjs`, folder()), 'E_PROVIDER_UNSUPPORTED');
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(join(folder(), `${name}.mjs`)), error.message);
    }
    const { hint } = await assertRefused(loadAdapter('./version.mjs', folder()), 'E_PROVIDER_UNSUPPORTED');
    assert.match(hint ?? '', /upgrade delegated/);
  });

  it('whose provider is none is refused when it is made', async () => {
    const lacks = PROVIDER.replace('findZone: async () => null, ', '').replace("cas: 'full', ", '');
    await write('lacks.mjs', moduleText({ create: `() => (${lacks})` }));
    const adapter = await loadAdapter('./lacks.mjs', folder());
    const made = Promise.resolve(adapter.create({}, testDeps(folder())));
    const error = await assertRefused(made, 'E_PROVIDER_UNSUPPORTED');
    assert.match(
      error.message,
      /^providers\.main \(\.\/lacks\.mjs\): what create\(\) of .*lacks\.mjs returns .*capabilities\.cas.*findZone: expected a function/,
    );
  });

  it('that cannot be made says why', async () => {
    await write('fails.mjs', moduleText({ create: "() => { throw new Error('no disk'); }" }));
    await write(
      'refuses.mjs',
      moduleText({
        create: "async () => { throw { code: 'E_SECRET', message: 'no key', hint: 'get one' }; }",
      }),
    );
    const failed = await assertRefused(make('./fails.mjs'), 'E_PROVIDER_UNAVAILABLE');
    assert.equal(failed.message, 'providers.main (./fails.mjs) failed in create: no disk');
    const refused = await assertRefused(make('./refuses.mjs'), 'E_SECRET');
    assert.deepEqual([refused.message, refused.hint], ['no key', 'get one']);
  });

  it('without a schema gets its settings as they are, and keeps its `this`', async () => {
    const create = `(settings, deps) => Object.assign(new (class {
      capabilities = ${CAPABILITIES};
      async check() { return [{ ok: true, message: JSON.stringify([this.settings, deps.configFolder]) }]; }
      async findZone(name) { return { id: this.settings.id, name: 'EXAMPLE.test' }; }
      async readRRsets() { return []; }
      async apply() { return { changed: false }; }
    })(), { settings })`;
    await write('class.mjs', moduleText({ create }));
    const adapter = await loadAdapter('./class.mjs', folder());
    const settings = { id: 'z1', nested: [1, { a: null }] };
    const provider = await adapter.create(await adapter.options.parseAsync(settings), testDeps(folder()));
    const [item] = await provider.check(testCtx());
    assert.deepEqual(JSON.parse(item?.message ?? ''), [settings, folder()]);
    const zone = await provider.findZone(parseDomainName('a.example.test'), testCtx());
    assert.deepEqual(zone, { id: 'z1', name: 'example.test.' });
    assert.ok(!('zoneById' in provider));
    await provider.close?.();
  });

  it('may check its settings with any Standard Schema, and quotes none of them', async () => {
    const validate = `async (value) => value.port > 0 && value.token !== 'swordfish'
      ? { value: { ...value, made: true } }
      : { issues: [
          { message: 'expected a port, got ' + value.port, path: ['port'] },
          { message: 'expected another token than swordfish', path: [{ key: 'token' }] },
          { message: 'and all of it' },
        ] }`;
    await write(
      'schema.mjs',
      moduleText({ options: `{ '~standard': { version: 1, vendor: 'x', validate: ${validate} } }` }),
    );
    const { options } = await loadAdapter('./schema.mjs', folder());
    assert.deepEqual(await options.parseAsync({ port: 1 }), { port: 1, made: true });
    const { error } = await options.safeParseAsync({ port: -70_000, token: 'swordfish' });
    assert.deepEqual(
      error?.issues.map(({ path, message }) => [path, message]),
      [
        [['port'], 'expected a port, got …'],
        [['token'], 'expected another token than …'],
        [[], 'and all of it'],
      ],
    );
  });

  it('may check its settings with a zod of its own', async () => {
    await write(
      'zod.mjs',
      `import * as z from ${JSON.stringify(new URL('../../../node_modules/zod/index.js', import.meta.url).href)};
      ${moduleText({ options: 'z.strictObject({ url: z.url() })' })}`,
    );
    const { options } = await loadAdapter('./zod.mjs', folder());
    assert.deepEqual(await options.parseAsync({ url: 'https://a.test' }), { url: 'https://a.test' });
    assert.deepEqual((await options.safeParseAsync({ url: 1 })).error?.issues[0]?.path, ['url']);
    assert.ok(options instanceof z.ZodType);
  });
});
