import { isIP } from 'node:net';
import { parseEndpoint } from '../config/endpoint.ts';
import { yamlText } from '../config/example-settings.ts';
import { endpoint } from '../config/scalars.ts';
import { DelegatedError } from '../errors.ts';
import { ownAddresses } from '../io/own-addresses.ts';
import { addressKind } from '../matrix/address-kind.ts';
import { type Interview, readBy } from './interview.ts';

const DNS_PORT = 53;

export interface BuiltinAnswers {
  /** Lines of YAML. */
  readonly settings: string;
  /** What the DNS host has to have besides the CNAMEs, one line each. */
  readonly byHand: readonly string[];
}

/** The zone that the name server inside delegated gets for challenges, and where the world finds it. */
export async function askBuiltin(name: string, interview: Interview): Promise<BuiltinAnswers> {
  interview.say(
    'Challenge values are asked for at this machine, so the Internet has to reach its port 53, by UDP and TCP.',
  );
  const own = ownAddresses();
  const open = own.find((each) => addressKind(each) === 'public');
  const address = await interview.ask('  Public address of this machine', readAddress, open);
  // Behind NAT the public address is nobody's here.
  const inner = own.find((each) => addressKind(each) === 'private' && isIP(each) === isIP(address));
  const usual = own.includes(address) ? address : (inner ?? '0.0.0.0');
  const listen = await interview.ask(
    '  Where this program listens for it',
    (answer) => {
      readBy(endpoint(DNS_PORT))(answer);
      return answer;
    },
    isIP(usual) === 6 ? `[${usual}]:${DNS_PORT}` : `${usual}:${DNS_PORT}`,
  );
  const zone = challengeZone(name);
  const server = `ns.${zone}`;
  return {
    settings:
      `listen: [${JSON.stringify(listen)}]\n` +
      `zones: [${yamlText(zone)}] # the parent zone leads here by an NS record\n` +
      `addresses: { ${JSON.stringify(server)}: [${JSON.stringify(address)}] }\n`,
    byHand: [`${zone}. NS ${server}.`, `${server}. ${isIP(address) === 6 ? 'AAAA' : 'A'} ${address}`],
  };
}

/** The CNAME that leads a challenge name into the zone of this name server. */
export function challengeAlias(challengeName: string, name: string): string {
  const label = challengeName.replace(/^_acme-challenge\./, '').replace(/\.$/, '');
  return `${challengeName} CNAME ${label.replaceAll('.', '-')}.${challengeZone(name)}.`;
}

function challengeZone(name: string): string {
  return `acme.${name}`;
}

function readAddress(answer: string): string {
  if (isIP(answer) !== 0 && !answer.includes('%') && parseEndpoint(answer, DNS_PORT) !== null) return answer;
  throw new DelegatedError('E_USAGE', `"${answer}" is no IP address`, {
    hint: 'write 203.0.113.5 or 2001:db8::5, the address that the world reaches',
  });
}
