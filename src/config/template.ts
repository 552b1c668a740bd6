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
}

/** A config to start from: everything that most people need, with a word on each. It passes its own check. */
export function configTemplate({
  serverName,
  target,
  provider,
  settings,
  ca,
  email,
}: TemplateAnswers): string {
  return `# delegated: SRV records and certificate of ${serverName}
# Check it with \`delegated config check\`, try it with \`delegated plan\`, do it with \`delegated renew\`.
version: 1
state: /var/lib/delegated

acme:
  ca: ${text(ca)}
${email === undefined ? '  # email: admin@example.org' : `  email: ${text(email)}`}
  # The CA issues nothing before you agree to its terms of service.
  termsOfServiceAgreed: false

providers:
  main:
    type: ${text(provider)}
${indented(settings)}
sites:
  # The server_name as it stands in the homeserver's config.
  ${text(serverName)}:
    provider: main
    srv:
      - { target: ${text(target)}, port: 8448, priority: 10, weight: 5 }
    certificate:
      # It is for ${serverName}, whatever the target is called. More names go here:
      names: []
      outputs:
        - { directory: /etc/matrix-synapse/tls, group: matrix-synapse, keyMode: "0640" }
      reload: { systemd: matrix-synapse.service }
      # A daemon that is not root asks for it by a file, and delegated-reload-synapse.path watches for that:
      # reload: { exec: [/usr/bin/touch, /run/delegated/reload-synapse] }
`;
}

/** As it is where YAML takes it for a text, else in quotes, which are the same in YAML as in JSON. */
function text(value: string): string {
  return /^(?!(?:true|false|null)$)[a-z_][a-z0-9_.-]*$/.test(value) ? value : JSON.stringify(value);
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, '    ');
}
