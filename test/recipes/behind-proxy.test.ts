/** “A proxy in front” of docs/recipes.md, with the real proxies. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { createTlsProbe } from '../../src/io/tls-probe.ts';
import { SILENT } from '../support/builtin.ts';
import { federation, homeserver, json } from '../support/federation.ts';
import { freePort } from '../support/free-port.ts';
import { CONFIG_FILE, PROXIES, startProxy } from '../support/proxies.ts';
import { startRecipeLab, startWeb } from '../support/recipe-lab.ts';
import { assertSucceeded, assertTold, fences } from '../support/recipe-page.ts';

const TITLE = 'A proxy in front';
const NAME = 'example.org';
const DEADLINE_MS = 10_000;
const POLL_MS = 20;
const CLIENTS_NAME = `matrix.${NAME}`;

describe('the recipe “A proxy in front” with', function () {
  this.timeout(30_000);
  const peers = federation();
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
  });

  for (const proxy of PROXIES.filter(({ title, language }) => fences([TITLE, title], language).length > 0))
    it(`${proxy.title} serves peers on 8448 and clients on 443, and each new certificate`, async function () {
      if (!existsSync(proxy.binary)) this.skip();
      const lab = await startRecipeLab(peers, null, [{ name: NAME, records: ['matrix IN A 127.0.0.1'] }]);
      running.push(lab);
      const clients = await freePort();
      const versions = json(200, { versions: ['v1.11'] });
      const behind = await peers.listen(
        createServer((asked, answer) => {
          (asked.url === '/_matrix/client/versions' ? versions : homeserver())(asked, answer);
        }),
      );
      const local = (text: string): string =>
        lab
          .local(text.replaceAll(/\b443\b/g, `${clients}`).replaceAll('8008', `${behind}`))
          .replaceAll('/etc/delegated/tls', join(lab.directory, 'tls'))
          .replaceAll(/\/run\/[\w/]+\.pid/g, join(lab.directory, 'pid'))
          .replaceAll('/etc/caddy/Caddyfile', join(lab.directory, CONFIG_FILE))
          .replaceAll('group: caddy', `group: '${process.getgid?.() ?? 0}'`);
      // The whole config is that of the first one; the others say what is different.
      const [different = '{}'] = fences([TITLE, proxy.title], 'yaml').map(local);
      const certificate: object = parse(different);

      // Nobody is there yet who could serve it.
      await lab.use('behind-proxy.yaml', { local, certificate: { ...certificate, verifyTimeout: 1 } });
      const first = await lab.run(['renew']);
      assert.equal(first.code, 5, first.stdout + first.stderr);
      await lab.use('behind-proxy.yaml', { local, certificate });
      const [recipe = ''] = fences([TITLE, proxy.title], proxy.language);
      const server = await startProxy(proxy, local(recipe), lab.directory);
      running.push(server);
      // Whoever shakes hands has written its pid: all of them fork their workers after that.
      await Promise.race([server.died, shakesHands(lab.port)]);
      assertSucceeded(await lab.run(['renew']));
      assertSucceeded(await lab.run(['renew', '--force']));

      const web = await startWeb(peers, [NAME]);
      assertTold(TITLE, await lab.check(NAME, web.port));
      const answer = { host: '127.0.0.1', port: clients, path: '/_matrix/client/versions' };
      assert.equal(await status({ ...answer, servername: CLIENTS_NAME, ca: await lab.pebble.root() }), 200);
    });
});

/** Asks until it is so. */
async function shakesHands(port: number): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  const probe = createTlsProbe();
  const ctx = { signal: new AbortController().signal, log: SILENT };
  for (;;)
    try {
      await probe.servedLeaf({ address: '127.0.0.1', port }, parseDomainName(NAME), ctx);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(POLL_MS);
    }
}

/** Of the answer; Pebble's intermediate is in the chain, so that its root is enough. */
async function status(asked: RequestOptions): Promise<number | undefined> {
  const sent = request({ ...asked, headers: { host: CLIENTS_NAME }, agent: false }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}
