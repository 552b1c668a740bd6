import type { HomeserverAnswers } from '../config/template.ts';
import { absolutePath, account, unit } from '../config/scalars.ts';
import { type Interview, optional, readBy } from './interview.ts';

/** True where such a file is. */
export type Exists = (path: string) => Promise<boolean>;

interface Known {
  readonly name: string;
  /** Its config, as its Debian package or its own documents place it. */
  readonly config: string;
  readonly answers: HomeserverAnswers;
  /** The user that it runs as, where the group is nobody's yet. */
  readonly user?: string;
}

/** Where the files go, and to whom. */
export interface ChosenHomeserver {
  /** Of the list, or `other`, or `nothing`. */
  readonly name: string;
  readonly answers: HomeserverAnswers;
  readonly user: string | null;
}

/** docs/reloading.md has what each of them needs, and how that is known. */
const KNOWN: readonly Known[] = [
  {
    name: 'synapse',
    config: '/etc/matrix-synapse/homeserver.yaml',
    answers: {
      directory: '/etc/matrix-synapse/tls',
      group: 'matrix-synapse',
      unit: 'matrix-synapse.service',
      restart: false,
    },
    user: 'matrix-synapse',
  },
  proxy('nginx', '/etc/nginx/nginx.conf', 'nginx.service'),
  proxy('apache', '/etc/apache2/apache2.conf', 'apache2.service'),
  proxy('caddy', '/etc/caddy/Caddyfile', 'caddy.service', 'caddy'),
  restarted('dendrite', '/etc/dendrite/dendrite.yaml'),
  restarted('tuwunel', '/etc/tuwunel/tuwunel.toml'),
  restarted('conduwuit', '/etc/conduwuit/conduwuit.toml'),
];

const OTHER: HomeserverAnswers = { directory: '/etc/delegated/tls', group: null, unit: null, restart: false };

/** Who speaks TLS to other servers on this machine, and so needs the files. */
export async function askHomeserver(exists: Exists, interview: Interview): Promise<ChosenHomeserver> {
  const looks = await Promise.all(KNOWN.map(({ config }) => exists(config)));
  const found = KNOWN.filter((_, index) => looks[index]);
  const choices = [
    ...found.map(({ name, config }) => ({ name, words: `${config} is here` })),
    { name: 'other', words: 'something else on this machine' },
    { name: 'nothing', words: 'nothing here, or not yet: the files stay in the state directory' },
  ];
  interview.say('');
  const name = await interview.choose(
    'Which program speaks TLS to other servers, and so gets the certificate? That is the homeserver, or a proxy in front of it.',
    choices,
    choices[0]?.name ?? 'other',
  );
  if (name === 'nothing')
    return { name, answers: { directory: null, group: null, unit: null, restart: false }, user: null };
  const known = found.find((each) => each.name === name);
  const usual = known?.answers ?? OTHER;
  const directory = await interview.ask(
    'Folder for fullchain.pem and privkey.pem',
    readBy(absolutePath),
    usual.directory ?? '/etc/delegated/tls',
  );
  const group = await interview.ask(
    'Group that may read the key, or "none" for its owner alone',
    optional(account),
    usual.group ?? 'none',
  );
  const told = await interview.ask(
    `systemd unit to ${usual.restart ? 'restart (it reads the files at its start only)' : 'reload'} after each renewal, or "none"`,
    optional(unit),
    usual.unit ?? 'none',
  );
  return {
    name,
    answers: { directory, group, unit: told, restart: usual.restart },
    user: known?.user ?? null,
  };
}

function proxy(name: string, config: string, service: string, group: string | null = null): Known {
  const answers = { directory: '/etc/delegated/tls', group, unit: service, restart: false };
  return { name, config, answers };
}

function restarted(name: string, config: string): Known {
  const answers = { directory: '/etc/delegated/tls', group: null, unit: `${name}.service`, restart: true };
  return { name, config, answers };
}
