import type { TemplateAnswers } from '../config/template.ts';
import { parsed, certificateName, srvTarget } from '../config/scalars.ts';
import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData } from '../dns/rrset.ts';
import { DelegatedError } from '../errors.ts';
import type { Advice } from '../federation/advice.ts';
import { hostMeant } from './init-name.ts';
import { type Interview, readBy } from './interview.ts';

const FEDERATION_PORT = 8448;
const MOST_PORTS = 65_535;

/**
 * Where the records point: where they do today, or where the person says.
 * @param name whose records they are
 * @param given the target that an option names
 */
export async function askRecords(
  { records, worksAt, delegatedTo }: Advice,
  name: DomainName,
  given: string | undefined,
  interview: Interview,
): Promise<Pick<TemplateAnswers, 'target' | 'srv'>> {
  const [first] = records;
  if (first !== undefined && given === undefined) {
    const lines = records.map(
      ({ target, port, priority, weight }) =>
        `${relativeToRoot(target)} port ${port}, priority ${priority}, weight ${weight}`,
    );
    interview.say('Today the SRV record says:');
    for (const line of lines) interview.say(line, '    ');
    if (await interview.confirm('Keep that?', true))
      return { target: relativeToRoot(first.target), srv: records };
  }
  const today = first?.target ?? worksAt ?? delegatedTo;
  const usual = relativeToRoot(today ?? name);
  const target =
    given === undefined
      ? await interview.ask(
          'Host that runs the homeserver',
          readTarget,
          today === null ? `matrix.${usual}` : usual,
        )
      : readBy(srvTarget)(given);
  const port = await interview.ask('Port of federation there', readBy(PORT), String(FEDERATION_PORT));
  const srv: SrvData = { priority: 10, weight: 5, port, target };
  return { target: relativeToRoot(target), srv: [srv] };
}

/** @param usual names that the certificate should have for what works today */
export async function askNames(
  usual: readonly DomainName[],
  interview: Interview,
): Promise<Pick<TemplateAnswers, 'names'>> {
  const names = await interview.ask(
    'More names for the certificate, such as the one that clients connect to (blanks between), or "none"',
    (answer) => (answer === 'none' ? [] : answer.split(/[\s,]+/).map(readBy(certificateName))),
    usual.length === 0 ? 'none' : usual.map(relativeToRoot).join(' '),
  );
  return names.length === 0 ? {} : { names: names.map(relativeToRoot) };
}

function readTarget(answer: string): DomainName {
  try {
    return readBy(srvTarget)(answer);
  } catch (error) {
    const host = hostMeant(answer);
    if (host === null || !(error instanceof DelegatedError)) throw error;
    throw new DelegatedError('E_USAGE', `"${answer}" is more than a host name`, {
      hint: `type ${host} if that is meant; the port is asked for next`,
    });
  }
}

const PORT = parsed((text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= MOST_PORTS) return port;
  throw new DelegatedError('E_USAGE', `expected a port, from 1 to ${MOST_PORTS}`);
});
