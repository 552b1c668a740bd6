import assert from 'node:assert/strict';
import { configText, linesOf } from './check-text.ts';

interface Case {
  readonly it: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const site = (text: string): string => configText({ site: text });
const top = (text: string): string => configText({ top: text });

/** What a person reads, to the letter. */
const CASES: readonly Case[] = [
  {
    it: 'says nothing about a good file',
    text: configText(),
    lines: [],
  },
  {
    it: 'says that a CA has ended, by its name and by its URL',
    text: top('acme: { ca: buypass, fallback: [{ ca: "https://api.buypass.com/acme/directory" }] }\n'),
    lines: [
      'c.yaml:2:13: acme.ca: Buypass issues no certificates any more: its last day was 31 October 2025 — choose another CA, such as letsencrypt',
      'c.yaml:2:39: acme.fallback[0].ca: Buypass issues no certificates any more: its last day was 31 October 2025 — choose another CA, such as letsencrypt',
    ],
  },
  {
    it: 'says why there is no must-staple, once for each place',
    text: configText({
      top: 'acme: { mustStaple: true }\n',
      site: '    certificate: { mustStaple: false }\n',
    }),
    lines: ['c.yaml:2:9: acme', 'c.yaml:13:20: sites."example.org".certificate'].map(
      (place) =>
        `${place}.mustStaple: there is no must-staple here: Let's Encrypt refuses such orders since May 2025 and ended OCSP in August 2025, and with no OCSP answer to staple a server would be refused by its peers — remove the key`,
    ),
  },
  {
    it: 'points at a value outside of its range',
    text: configText().replace('matrix.example.org', 'matrix.example.org, port: 99999'),
    lines: ['c.yaml:11:45: sites."example.org".srv[0].port: expected an integer from 1 to 65535, got 99999'],
  },
  {
    it: 'points at an unknown key and names the nearest',
    text: configText().replace('matrix.example.org', 'matrix.example.org, prot: 8448'),
    lines: ['c.yaml:11:39: sites."example.org".srv[0].prot: unknown key — did you mean "port"?'],
  },
  {
    it: 'names all known keys where none is near',
    text: site('    challenge: { provider: main, zone: x, qqqqqqqq: 1 }\n'),
    lines: [
      'c.yaml:12:34: sites."example.org".challenge.zone: unknown key — known here: type, provider, wildcard, persistUntil',
      'c.yaml:12:43: sites."example.org".challenge.qqqqqqqq: unknown key — known here: type, provider, wildcard, persistUntil',
    ],
  },
  {
    it: 'points at the parent of a missing key',
    text: configText().replace('    provider: main\n', ''),
    lines: [
      'c.yaml:8:3: sites."example.org".provider: required key is missing: expected the name of a provider',
    ],
  },
  {
    it: 'has one sentence for a required key that is misspelt',
    text: configText().replace('provider: main', 'povider: main'),
    lines: ['c.yaml:9:5: sites."example.org".povider: unknown key — did you mean "provider"?'],
  },
  {
    it: 'lists all problems in the order of the file, whatever found them',
    text: `version: 2
state: var
providers:
  main: { type: rfc2135 }
  other: { type: rfc2136, sever: 127.0.0.1, key: { name: k, secret: "?" } }
sites:
  "example.org:8448":
    provider: mian
    srv: [{ target: 127.0.0.1 }, { target: m.example.org }, { target: M.example.org. }]
    ttl: 0
`,
    lines: [
      'c.yaml:1:10: version: expected 1, the version of this format, got 2',
      'c.yaml:2:8: state: expected an absolute path, got "var"',
      'c.yaml:4:17: providers.main.type: there is no provider type "rfc2135" — did you mean "rfc2136"?',
      'c.yaml:5:27: providers.other.sever: unknown key — did you mean "server"?',
      'c.yaml:5:69: providers.other.key.secret: expected base64',
      `c.yaml:7:3: sites."example.org:8448": "example.org:8448" has a port, so SRV cannot delegate it — other servers connect to port 8448 of a server name with a port and never look for SRV; write the server_name as it stands in the homeserver's config`,
      'c.yaml:8:15: sites."example.org:8448".provider: there is no provider "mian" — did you mean "main"?',
      'c.yaml:9:21: sites."example.org:8448".srv[0].target: "127.0.0.1" is an IP address — an SRV record points to a host name; give that host A or AAAA records',
      'c.yaml:9:61: sites."example.org:8448".srv[2]: M.example.org. with port 8448 stands here twice',
      'c.yaml:10:10: sites."example.org:8448".ttl: expected seconds, an integer from 1 to 604800, got 0',
    ],
  },
  {
    it: 'wants a moment with its offset for the end of a target, and one target without',
    text: configText().replace(
      /srv:\n.*\n/,
      'srv:\n      - { target: a.example.org, until: 2026-12-01 }\n      - { target: b.example.org, until: 2026-02-30T00:00:00Z }\n      - { target: c.example.org, until: 2026-12-01T00:00:00 }\n',
    ),
    lines: [
      'c.yaml:11:7: sites."example.org".srv: every target has an `until`, so one day there would be none — leave it out for the one that stays',
      'c.yaml:11:41: sites."example.org".srv[0].until: expected a moment, such as 2026-12-31T00:00:00Z, got "2026-12-01"',
      'c.yaml:12:41: sites."example.org".srv[1].until: expected a moment, such as 2026-12-31T00:00:00Z, got "2026-02-30T00:00:00Z"',
      'c.yaml:13:41: sites."example.org".srv[2].until: expected a moment, such as 2026-12-31T00:00:00Z, got "2026-12-01T00:00:00"',
    ],
  },
  {
    it: 'says what an empty list of targets means',
    text: configText().replace(/srv:\n.*\n/, 'srv: []\n'),
    lines: [
      'c.yaml:10:10: sites."example.org".srv: expected at least one target, got an empty list — without one other servers find nobody',
    ],
  },
  {
    it: 'refuses a server name that is an IP address',
    text: configText({ name: '192.0.2.1' }),
    lines: [
      'c.yaml:8:3: sites."192.0.2.1": "192.0.2.1" is an IP address, which SRV cannot delegate — other servers connect to an IP literal directly and never look for SRV; use the DNS name of the server',
    ],
  },
  {
    it: 'refuses a port and an address where a well-known delegates to',
    text:
      site('    delegatedTo: c1.hoster.net:443\n') +
      configText({ name: 'b.org', site: '    delegatedTo: "2001:db8::1"\n' }).split('sites:\n')[1],
    lines: [
      'c.yaml:12:18: sites."example.org".delegatedTo: "c1.hoster.net:443" has a port — other servers look for SRV only where `m.server` of the well-known has no port; write the name alone, and the port under `srv`',
      'c.yaml:17:18: sites."b.org".delegatedTo: "2001:db8::1" is an IP address — other servers connect to an IP address directly and never look for SRV',
    ],
  },
  {
    it: 'names both sites whose records would be the same',
    text:
      site('    delegatedTo: c1.hoster.net\n') +
      configText({ name: 'b.org', site: '    delegatedTo: C1.hoster.net.\n' }).split('sites:\n')[1],
    lines: [
      'c.yaml:17:18: sites."b.org".delegatedTo: its SRV records would be those of the site "example.org": both are for c1.hoster.net — keep one of the two',
    ],
  },
  {
    it: 'tells what YAML makes of a mode without quotes',
    text: site('    certificate: { outputs: [{ directory: /tls, keyMode: 0640 }] }\n'),
    lines: [
      'c.yaml:12:58: sites."example.org".certificate.outputs[0].keyMode: expected a file mode in quotes, such as "0640", got 640 — without quotes YAML reads 0640 as six hundred and forty',
    ],
  },
  {
    it: 'refuses a mode that shows the key to everybody, and one that is none',
    text: site(`    certificate:
      outputs:
        - { directory: /a, keyMode: "0644" }
        - { directory: /b, keyMode: "rw-r-----" }
        - { directory: /c, certificateMode: "0666" }
`),
    lines: [
      'c.yaml:14:37: sites."example.org".certificate.outputs[0].keyMode: expected a mode that ends in 0, such as "0640", got "0644" — others could read the private key',
      'c.yaml:15:37: sites."example.org".certificate.outputs[1].keyMode: expected a file mode in quotes, such as "0640", got "rw-r-----"',
      'c.yaml:16:45: sites."example.org".certificate.outputs[2].certificateMode: expected a mode that lets others at most read, such as "0644", got "0666"',
    ],
  },
  {
    it: 'refuses two outputs in one directory',
    text: site('    certificate: { outputs: [{ directory: /tls }, { directory: /tls/ }] }\n'),
    lines: [
      'c.yaml:12:64: sites."example.org".certificate.outputs[1].directory: another output of this site writes to /tls/ already',
    ],
  },
  {
    it: 'refuses a certificate for an address, a name twice, and one that a wildcard covers',
    text: site('    certificate: { names: [192.0.2.1, "*.a.org", b.a.org, c.org, C.org., bad_.x..y] }\n'),
    lines: [
      'c.yaml:12:28: sites."example.org".certificate.names[0]: "192.0.2.1" is an IP address — DNS-01 proves names only; leave it out',
      `c.yaml:12:50: sites."example.org".certificate.names[2]: b.a.org is covered by *.a.org already, and Let's Encrypt refuses an order for both — remove one of them`,
      'c.yaml:12:66: sites."example.org".certificate.names[4]: c.org stands here twice',
      'c.yaml:12:74: sites."example.org".certificate.names[5]: "bad_.x..y" is not a domain name: it has an empty label — write it as example.org',
    ],
  },
  {
    it: 'understands which form of reload was meant',
    text: site('    certificate: { reload: { systemd: matrix-synapse.service, signal: HUP } }\n'),
    lines: [
      'c.yaml:12:63: sites."example.org".certificate.reload.signal: this key cannot stand beside the others here',
    ],
  },
  {
    it: 'names the nearest key of all forms of reload',
    text: site('    certificate: { reload: { exce: [/bin/true] } }\n'),
    lines: ['c.yaml:12:30: sites."example.org".certificate.reload.exce: unknown key — did you mean "exec"?'],
  },
  {
    it: 'misses the second half of a form of reload',
    text: site('    certificate: { reload: { signal: HUP } }\n'),
    lines: [
      'c.yaml:12:20: sites."example.org".certificate.reload.pidFile: required key is missing: expected an absolute path',
    ],
  },
  {
    it: 'lists the forms of reload where none was meant',
    text: site('    certificate: { reload: restart }\n'),
    lines: [
      'c.yaml:12:28: sites."example.org".certificate.reload: expected { systemd: UNIT }, { signal: HUP, pidFile: PATH }, { exec: [/path, arg] } or none, got "restart"',
    ],
  },
  {
    it: 'wants a path to the program that reloads',
    text: site('    certificate: { reload: { exec: [systemctl, reload] } }\n'),
    lines: [
      'c.yaml:12:36: sites."example.org".certificate.reload.exec: expected an absolute path as the first item, got a list — no shell looks for the program',
    ],
  },
  {
    it: 'wants addresses to verify, or none',
    text: site('    certificate: { verify: [matrix.example.org:8448, "[2001:db8::1]", 192.0.2.1:0] }\n'),
    lines: [
      'c.yaml:12:29: sites."example.org".certificate.verify[0]: expected an IP address with a port, such as 192.0.2.1:8448 or [2001:db8::1]:8448, got "matrix.example.org:8448"',
      'c.yaml:12:54: sites."example.org".certificate.verify[1]: expected an IP address with a port, such as 192.0.2.1:8448 or [2001:db8::1]:8448, got "[2001:db8::1]"',
      'c.yaml:12:71: sites."example.org".certificate.verify[2]: expected an IP address with a port, such as 192.0.2.1:8448 or [2001:db8::1]:8448, got "192.0.2.1:0"',
    ],
  },
  {
    it: 'names the key type that is near, and all that there are',
    text: site('    certificate: { keyType: ec265 }\n'),
    lines: [
      'c.yaml:12:29: sites."example.org".certificate.keyType: expected one of ec256, ec384, rsa2048, rsa3072, rsa4096, got "ec265" — did you mean "ec256"?',
    ],
  },
  {
    it: 'refuses a CA that nobody knows, and one over plain http',
    text: top('acme: { ca: letsencript, staging: "http://ca.example/dir" }\n'),
    lines: [
      'c.yaml:2:13: acme.ca: there is no CA "letsencript" — did you mean "letsencrypt"?',
      'c.yaml:2:35: acme.staging: expected an https URL, got "http://ca.example/dir" — over plain http anybody on the way could answer for the CA',
    ],
  },
  {
    it: 'checks the CAs that come after the first, too',
    text: top('acme: { fallback: [{ ca: zerosl, eab: { kid: x } }] }\n'),
    lines: [
      'c.yaml:2:26: acme.fallback[0].ca: there is no CA "zerosl" — did you mean "zerossl"?',
      'c.yaml:2:34: acme.fallback[0].eab.hmacKey: required key is missing: expected a text, { file: PATH }, { env: NAME } or { credential: NAME }',
    ],
  },
  {
    it: 'takes an agreement for one only where it is true',
    text: top('acme: { termsOfServiceAgreed: yes }\n'),
    lines: ['c.yaml:2:31: acme.termsOfServiceAgreed: expected true or false, got "yes"'],
  },
  {
    it: 'takes addresses of resolvers, not names',
    text: top('resolvers: [dns.google, 192.0.2.1, "2001:db8::1", "[2001:db8::1]:5353"]\n'),
    lines: [
      'c.yaml:2:13: resolvers[0]: expected an IP address with or without a port, such as 192.0.2.1 or [2001:db8::1]:53, got "dns.google"',
    ],
  },
  {
    it: 'tells an empty value from a missing key',
    text: top('state:\n'),
    lines: ['c.yaml:2:7: state: expected an absolute path, got nothing'],
  },
  {
    it: 'lets one write the well-known files only',
    text: site('    wellKnown: { write: /var/www/html, serve: true }\n'),
    lines: [
      'c.yaml:12:40: sites."example.org".wellKnown.serve: this key cannot stand beside "write" — choose who serves the files',
    ],
  },
  {
    it: 'wants a site',
    text: configText().replace(/sites:[^]*/, 'sites: {}\n'),
    lines: ['c.yaml:7:8: sites: expected at least one site'],
  },
  {
    it: 'knows an empty file',
    text: '# nothing yet\n',
    lines: ['c.yaml:1:1: the file is empty — `delegated config init SERVER_NAME` writes one to start from'],
  },
  {
    it: 'knows a file that is no mapping',
    text: '- version: 1\n',
    lines: ['c.yaml:1:1: expected a mapping, got a list'],
  },
  {
    it: 'points at what is no YAML',
    text: 'version: 1\nversion: 1\nstate: "/var\n',
    lines: [
      'c.yaml:2:1: the key stands twice in this mapping',
      'c.yaml:4:1: a closing quote, bracket, brace, comma or ":" is missing',
    ],
  },
  {
    it: 'names the key that stands twice, unless a syntax error makes it doubtful what is a key',
    text: 'version: 1\nsites:\n  example.org:\n    srv:\n      - { target: a.org, port: 1, port: 2 }\n    srv: []\n',
    lines: [
      'c.yaml:5:35: sites."example.org".srv[0].port: the key stands twice in this mapping',
      'c.yaml:6:5: sites."example.org".srv: the key stands twice in this mapping',
    ],
  },
  {
    it: 'takes one document only, so that no half of a file goes unread',
    text: `${configText()}---\nversion: 1\n`,
    lines: ['c.yaml:12:1: a second document begins here ("---"); the file may hold one only'],
  },
  {
    it: 'says of a number in quotes that it is one',
    text: configText()
      .replace('version: 1', 'version: "1"')
      .replace(/srv:\n.*\n/, 'srv: [{ target: a.org, port: "1" }]\n'),
    lines: [
      'c.yaml:1:10: version: expected 1, the version of this format, got "1" — write it without quotes',
      'c.yaml:10:34: sites."example.org".srv[0].port: expected an integer from 1 to 65535, got "1" — write it without quotes',
    ],
  },
  {
    it: 'does not show the password in an address, nor take one',
    text: `${configText()}notify: { webhook: { url: "https://bot:hunter2@hook.example/x" } }\n`,
    lines: [
      'c.yaml:12:27: notify.webhook.url: it has a user or a password in it, which would not be sent — leave it out',
    ],
  },
  {
    it: 'does not take a tab for indentation',
    text: 'sites:\n\texample.org: 1\n',
    lines: ['c.yaml:2:1: tabs cannot indent; use spaces'],
  },
  {
    it: 'stops aliases that multiply',
    text: `a: &a [1,1,1,1,1,1,1,1]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c,*c,*c]
`,
    lines: ['c.yaml:1:1: too many aliases (*name)'],
  },
];

describe('the problems of a config', () => {
  for (const { it: title, text, lines } of CASES)
    it(title, async () => {
      assert.deepEqual(await linesOf(text), lines);
    });
});
