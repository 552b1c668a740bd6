import type { SrvData } from '../dns/rrset.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { yamlText as text } from './example-settings.ts';

export interface TemplateAnswers {
  readonly serverName: string;
  readonly target: string;
  /** A provider type. */
  readonly provider: string;
  /** The settings of that type, as lines of YAML. */
  readonly settings: string;
  /** Name of a CA, or its directory URL. */
  readonly ca: string;
  readonly email?: string;
  /** External account binding; the key lies in a file. */
  readonly eab?: { readonly kid: string; readonly hmacKeyFile: string };
  /** Default: false. Nobody but its reader can agree. */
  readonly termsOfServiceAgreed?: boolean;
  /** Absolute path. Default: the usual one. */
  readonly state?: string;
  /** Default: the system's. */
  readonly resolvers?: readonly string[];
  /** Absolute path of a PEM file. */
  readonly caCertificates?: string;
  /** Whom to ask in place of the NS of the zone. */
  readonly nameServers?: readonly string[];
  /** Records to take over in place of one for `target`. */
  readonly srv?: readonly SrvData[];
  readonly legacySrv?: boolean;
  /** Where a port-less `m.server` points. */
  readonly delegatedTo?: string;
  /** A provider of its own for challenges, with its settings. */
  readonly challenge?: {
    readonly provider: string;
    readonly settings: string;
    readonly nameServers?: readonly string[];
  };
  /** More names for the certificate. Default: none. */
  readonly names?: readonly string[];
  /** Default: those of Debian's Synapse. */
  readonly homeserver?: HomeserverAnswers;
}

export interface HomeserverAnswers {
  /** Absolute path of the folder that gets the files; null: none. */
  readonly directory: string | null;
  readonly group: string | null;
  /** A systemd unit; null: nothing is told. */
  readonly unit: string | null;
  /** It is restarted, since it reads the files at its start only. */
  readonly restart: boolean;
}

const SYNAPSE: HomeserverAnswers = {
  directory: '/etc/matrix-synapse/tls',
  group: 'matrix-synapse',
  unit: 'matrix-synapse.service',
  restart: false,
};

/** A config to start from: everything that most people need, with a word on each. It passes its own check. */
export function configTemplate(answers: TemplateAnswers): string {
  const { serverName, provider, settings, ca, email, eab, challenge } = answers;
  const { termsOfServiceAgreed = false, homeserver = SYNAPSE, delegatedTo, names = [] } = answers;
  return `# delegated: SRV records and certificate of ${serverName}
# Check it with \`delegated config check\`, try it with \`delegated plan\`, do it with \`delegated renew\`.
version: 1
state: ${text(answers.state ?? '/var/lib/delegated')}
${list('resolvers', answers.resolvers)}
acme:
  ca: ${text(ca)}
${email === undefined ? '  # email: admin@example.org' : `  email: ${text(email)}`}
  # The CA issues nothing before you agree to its terms of service.
  termsOfServiceAgreed: ${termsOfServiceAgreed}
${eab === undefined ? '' : `  eab: { kid: ${JSON.stringify(eab.kid)}, hmacKey: { file: ${text(eab.hmacKeyFile)} } }\n`}${answers.caCertificates === undefined ? '' : `  caCertificates: ${text(answers.caCertificates)}\n`}
providers:
  main:
    type: ${text(provider)}
${indented(`${settings}${list('nameServers', answers.nameServers)}`)}${
    challenge === undefined
      ? ''
      : `  # For the values that prove to the CA that the name is yours, and for nothing else.
  challenges:
    type: ${text(challenge.provider)}
${indented(`${challenge.settings}${list('nameServers', challenge.nameServers)}`)}`
  }
sites:
  # The server_name as it stands in the homeserver's config.
  ${text(serverName)}:
    provider: main
${challenge === undefined ? '' : '    challenge: { provider: challenges }\n'}${
    delegatedTo === undefined
      ? ''
      : `    # Where the well-known file points, without a port.\n    delegatedTo: ${text(delegatedTo)}\n`
  }    srv:
${srvLines(answers)}${
    answers.legacySrv === true
      ? '    # The deprecated _matrix._tcp stands as well.\n    legacySrv: true\n'
      : ''
  }    certificate:
      # It is for ${delegatedTo ?? serverName}, whatever the target is called. More names go here:
      names: [${names.map(text).join(', ')}]
${outputLines(homeserver)}`;
}

function srvLines({ srv, target }: TemplateAnswers): string {
  if (srv === undefined) return `      - { target: ${text(target)}, port: 8448, priority: 10, weight: 5 }\n`;
  return srv
    .map(
      (data) =>
        `      - { target: ${text(relativeToRoot(data.target))}, port: ${data.port}, priority: ${data.priority}, weight: ${data.weight} }\n`,
    )
    .join('');
}

function outputLines({ directory, group, unit, restart }: HomeserverAnswers): string {
  const owner = group === null ? '' : `, group: ${text(group)}, keyMode: "0640"`;
  const output =
    directory === null ? '' : `      outputs:\n        - { directory: ${text(directory)}${owner} }\n`;
  if (unit === null) return `${output}      reload: none\n`;
  if (restart)
    return `${output}      # It reads the files at its start only.\n      reload: { exec: [/usr/bin/systemctl, restart, ${text(unit)}] }\n`;
  const byFile =
    unit === SYNAPSE.unit
      ? `      # A daemon that is not root asks for it by a file, and delegated-reload-synapse.path watches for that:
      # reload: { exec: [/usr/bin/touch, /run/delegated/reload-synapse] }
`
      : '';
  return `${output}      reload: { systemd: ${text(unit)} }\n${byFile}`;
}

function list(key: string, values: readonly string[] | undefined): string {
  if (values === undefined || values.length === 0) return '';
  return `${key}: [${values.map((each) => JSON.stringify(each)).join(', ')}]\n`;
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, '    ');
}
