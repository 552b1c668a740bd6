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
  },
  proxy('nginx', '/etc/nginx/nginx.conf', 'nginx.service'),
  proxy('apache', '/etc/apache2/apache2.conf', 'apache2.service'),
  proxy('caddy', '/etc/caddy/Caddyfile', 'caddy.service'),
  restarted('dendrite', '/etc/dendrite/dendrite.yaml'),
  restarted('tuwunel', '/etc/tuwunel/tuwunel.toml'),
  restarted('conduwuit', '/etc/conduwuit/conduwuit.toml'),
];

const OTHER: HomeserverAnswers = { directory: '/etc/delegated/tls', group: null, unit: null, restart: false };

/** Who speaks TLS to other servers on this machine, and so needs the files. */
export async function askHomeserver(exists: Exists, interview: Interview): Promise<HomeserverAnswers> {
  const looks = await Promise.all(KNOWN.map(({ config }) => exists(config)));
  const found = KNOWN.filter((_, index) => looks[index]);
  const choices = [
    ...found.map(({ name, config }) => ({ name, words: `${config} is here` })),
    { name: 'other', words: 'something else; two questions more' },
    { name: 'nothing', words: 'not this machine, or not yet: the files stay in the state directory' },
  ];
  const chosen = await interview.choose(
    'What speaks TLS to other servers, and gets the certificate?',
    choices,
    choices[0]?.name ?? 'other',
  );
  if (chosen === 'nothing') return { directory: null, group: null, unit: null, restart: false };
  const usual = found.find(({ name }) => name === chosen)?.answers ?? OTHER;
  const directory = await interview.ask(
    'Folder for fullchain.pem and privkey.pem',
    readBy(absolutePath),
    usual.directory ?? '/etc/delegated/tls',
  );
  const group = await interview.ask(
    'Group that may read the key, or "none"',
    optional(account),
    usual.group ?? 'none',
  );
  const told = await interview.ask(
    `systemd unit to ${usual.restart ? 'restart (it reads the files at its start only)' : 'reload'} afterwards, or "none"`,
    optional(unit),
    usual.unit ?? 'none',
  );
  return { directory, group, unit: told, restart: usual.restart };
}

function proxy(name: string, config: string, service: string): Known {
  const answers = { directory: '/etc/delegated/tls', group: null, unit: service, restart: false };
  return { name, config, answers };
}

function restarted(name: string, config: string): Known {
  const answers = { directory: '/etc/delegated/tls', group: null, unit: `${name}.service`, restart: true };
  return { name, config, answers };
}
