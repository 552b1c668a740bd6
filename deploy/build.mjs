// Makes dist/: one bundle that loads the rest in chunks on demand, and what packages with a provider import.
// A bundle because start-up is most of the time of a quiet `renew`: thousands of small files cost ten times as much.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });

/**
 * acme-client loads axios and node-forge, and we send nothing through the one and sign nothing with the other: its
 * requests go through our own transport (src/io/acme). The SDK of Google Cloud DNS has a transport and a parser of zone
 * files, and neither is used (providers/google/transport.ts). Left out, they cost no start-up; used by mistake, they say so.
 */
const unused = {
  name: 'unused',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^(axios|node-forge|teeny-request|retry-request|duplexify|html-entities|dns-zonefile)$/ },
      ({ path }) => ({ path, namespace: 'unused' }),
    );
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: `
        const refuse = () => { throw new Error('${path} is not part of this build'); };
        const hooks = { use() {} };
        module.exports = '${path}' === 'axios'
          ? { AxiosError: Error, create: () => Object.assign(refuse, { request: refuse, defaults: { headers: { common: {} } }, interceptors: { request: hooks, response: hooks } }) }
          : new Proxy({}, { get: refuse });`,
      loader: 'js',
    }));
  },
};

await build({
  entryPoints: { 'src/main': 'src/main.ts', 'providers/kit': 'providers/kit.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: process.argv.includes('--sourcemap'),
  legalComments: 'linked',
  plugins: [unused],
  // An optional peer dependency: 19 MB that users of Route 53 alone install.
  external: ['@aws-sdk/client-route-53'],
  // CommonJS packages inside an ES module call require() for what Node itself brings.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
chmodSync('dist/src/main.js', 0o755);
execFileSync(
  process.execPath,
  [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'deploy/tsconfig.types.json'],
  { stdio: 'inherit' },
);
