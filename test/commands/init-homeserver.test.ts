import assert from 'node:assert/strict';
import { type ChosenHomeserver, askHomeserver } from '../../src/commands/init-homeserver.ts';
import { createInterview } from '../../src/commands/interview.ts';
import { createTestShell } from '../support/test-shell.ts';

const SYNAPSE = '/etc/matrix-synapse/homeserver.yaml';
const NGINX = '/etc/nginx/nginx.conf';
const CADDY = '/etc/caddy/Caddyfile';
const DENDRITE = '/etc/dendrite/dendrite.yaml';

/** On a machine that has these files, with answers in their order; Enter for the rest. */
async function proposed(
  files: readonly string[],
  ...answers: readonly string[]
): Promise<{ readonly chosen: ChosenHomeserver; readonly shown: string }> {
  const left = [...answers];
  const shell = createTestShell();
  const readLine = ({ ready }: { readonly ready?: () => void } = {}): Promise<string> => {
    ready?.();
    return Promise.resolve(left.shift() ?? '');
  };
  const chosen = await askHomeserver(
    (path) => Promise.resolve(files.includes(path)),
    createInterview({ ...shell, readLine }),
  );
  return { chosen, shown: shell.complained() };
}

describe('askHomeserver', () => {
  it('proposes the folder, the group and the unit of Debian’s Synapse', async () => {
    const { chosen } = await proposed([SYNAPSE]);
    assert.deepEqual(chosen, {
      name: 'synapse',
      answers: {
        directory: '/etc/matrix-synapse/tls',
        group: 'matrix-synapse',
        unit: 'matrix-synapse.service',
        restart: false,
      },
      user: 'matrix-synapse',
    });
  });

  it('lets the proxy in front be chosen, whose master reads the key as root', async () => {
    const { chosen, shown } = await proposed([SYNAPSE, NGINX], '2');
    assert.match(shown, /1 {2}synapse .*\n {2}2 {2}nginx {4}\/etc\/nginx\/nginx\.conf is here/);
    assert.deepEqual(chosen, {
      name: 'nginx',
      answers: { directory: '/etc/delegated/tls', group: null, unit: 'nginx.service', restart: false },
      user: null,
    });
  });

  it('gives the key to the group of a proxy that is not root', async () => {
    assert.equal((await proposed([CADDY])).chosen.answers.group, 'caddy');
  });

  it('restarts what reads its files at its start only, and says so', async () => {
    const { chosen, shown } = await proposed([DENDRITE]);
    assert.equal(chosen.answers.restart, true);
    assert.match(shown.replaceAll(/\s+/g, ' '), /restart \(it reads the files at its start only\)/);
  });

  it('asks for all of it where nothing is found, and for nothing where nothing is here', async () => {
    const { chosen } = await proposed([], '', '/srv/tls', 'ssl-cert', 'none');
    assert.deepEqual(chosen.answers, {
      directory: '/srv/tls',
      group: 'ssl-cert',
      unit: null,
      restart: false,
    });
    const none = await proposed([SYNAPSE], 'nothing');
    assert.deepEqual(none.chosen.answers, { directory: null, group: null, unit: null, restart: false });
  });
});
