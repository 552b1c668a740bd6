export interface TemplateAnswers {
  readonly serverName: string;
  readonly target: string;
  /** A provider type. */
  readonly provider: string;
  /** Name of a CA, or its directory URL. */
  readonly ca: string;
  readonly email?: string;
}

/** A config to start from: everything that most people need, with a word on each. It passes its own check. */
export function configTemplate({ serverName, target, provider, ca, email }: TemplateAnswers): string {
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
${settingsOf(provider, serverName)}
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
`;
}

function settingsOf(provider: string, serverName: string): string {
  switch (provider) {
    case 'rfc2136':
      return `    server: 127.0.0.1:53            # the primary name server of the zone
    key:
      name: delegated
      algorithm: hmac-sha256
      secret: { file: /etc/delegated/tsig.secret }
`;
    case 'builtin':
      return `    # This name server answers for these zones itself: delegate them to it by NS records.
    listen: ["0.0.0.0:53"]
    zones: [${text(`_matrix-fed._tcp.${serverName}`)}, ${text(`_acme-challenge.${serverName}`)}]
`;
    case 'memory':
      return `    # For trials: nobody is served by it.
    zones: [${text(serverName)}]
`;
    default:
      return '    # Its settings: see the README of the provider.\n';
  }
}

/** As it is where YAML takes it for a text, else in quotes, which are the same in YAML as in JSON. */
function text(value: string): string {
  return /^(?!(?:true|false|null)$)[a-z_][a-z0-9_.-]*$/.test(value) ? value : JSON.stringify(value);
}
