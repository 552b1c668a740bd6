export interface TemplateAnswers {
  readonly serverName: string;
  readonly target: string;
  /** A provider type. */
  readonly provider: string;
  readonly ca: string;
  readonly email?: string;
}

/** A config to start from: everything that most people need, with a word on each. */
export function configTemplate({ serverName, target, provider, ca, email }: TemplateAnswers): string {
  return `# delegated: SRV records and certificate of ${serverName}
# Check it with \`delegated config check\`, try it with \`delegated plan\`, do it with \`delegated renew\`.
version: 1
state: /var/lib/delegated

acme:
  ca: ${ca}
${email === undefined ? '  # email: admin@example.org' : `  email: ${JSON.stringify(email)}`}
  # The CA issues nothing before you agree to its terms of service.
  termsOfServiceAgreed: false

providers:
  main:
    type: ${provider}
${PROVIDERS[provider] ?? '    # its settings: see the README of the provider\n'}
sites:
  ${JSON.stringify(serverName)}:
    provider: main
    srv:
      - { target: ${JSON.stringify(target)}, port: 8448, priority: 10, weight: 5 }
    certificate:
      # For ${serverName}, whatever the target is called. More names go here:
      names: []
      outputs:
        - { directory: /etc/matrix-synapse/tls, group: matrix-synapse }
      reload: { systemd: matrix-synapse.service }
`;
}

const PROVIDERS: Readonly<Record<string, string>> = {
  rfc2136: `    server: 127.0.0.1:53            # the primary name server of the zone
    key:
      name: delegated
      algorithm: hmac-sha256
      secret: { file: /etc/delegated/tsig.secret }
`,
  builtin: `    # This name server answers for these zones itself: delegate them to it by NS records.
    listen: ["0.0.0.0:53"]
    zones: [acme.example.net]
`,
};
