import { tmpdir } from 'node:os';
import { CERTIFICATE_AUTHORITIES, DEFAULT_CA } from '../config/certificate-authorities.ts';
import { ca as caSchema, emailAddress } from '../config/scalars.ts';
import type { TemplateAnswers } from '../config/template.ts';
import { DelegatedError } from '../errors.ts';
import { createSystemClock } from '../io/clock.ts';
import { readCertificates } from '../io/certificates-file.ts';
import type { InitFlags } from './init.ts';
import { type Interview, optional, readBy } from './interview.ts';
import { createTools } from './session.ts';
import type { Shell } from './shell.ts';

type CaAnswers = Pick<TemplateAnswers, 'ca' | 'email' | 'termsOfServiceAgreed'>;

const DIRECTORY_MS = 10_000;

/** Which CA, whom it may write to, and whether its terms are agreed to: that is for nobody but the person to say. */
export async function askCa(flags: InitFlags, interview: Interview, shell: Shell): Promise<CaAnswers> {
  const isCa = readBy(caSchema);
  const ca =
    flags.ca ??
    (await interview.ask(
      `\nCA (${Object.keys(CERTIFICATE_AUTHORITIES).join(', ')}, or the URL of an ACME directory)`,
      (answer) => {
        isCa(answer);
        return answer;
      },
      DEFAULT_CA,
    ));
  const { directoryUrl } = isCa(ca);
  const email =
    flags.email ??
    (await interview.ask(
      'E-mail address for the CA to reach you, or "none"',
      optional(emailAddress),
      'none',
    ));
  const terms = await termsOf(directoryUrl, flags, shell);
  if (terms.kind === 'unreachable') interview.say(`The CA cannot be asked for its terms: ${terms.why}`);
  const agreed = await interview.confirm(
    terms.kind === 'url'
      ? `Its terms of service are at ${terms.url} - do you agree?`
      : 'Do you agree to its terms of service, and have you read them?',
    false,
  );
  return { ca, ...(email === null ? {} : { email }), termsOfServiceAgreed: agreed };
}

type Terms =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreachable'; readonly why: string };

async function termsOf(directoryUrl: string, { caFile }: InitFlags, shell: Shell): Promise<Terms> {
  const { createAcmeClient } = await import('../io/acme/acme-client.ts');
  const client = createAcmeClient({
    directoryUrl,
    // Nothing is asked for that needs an account, so nothing is written there.
    accountDirectory: tmpdir(),
    termsOfServiceAgreed: false,
    userAgent: `matrix-delegated/${shell.version}`,
    clock: createSystemClock(),
    log: createTools({}, shell).log,
    ...(caFile === undefined ? {} : { caCertificates: await readCertificates(caFile) }),
  });
  const deadline = AbortSignal.timeout(DIRECTORY_MS);
  try {
    const { termsOfService } = await client.directory({
      signal: AbortSignal.any([shell.signal, deadline]),
    });
    if (termsOfService === undefined || !URL.canParse(termsOfService)) return { kind: 'none' };
    // The parser of URLs leaves nothing in it that a terminal would obey.
    return { kind: 'url', url: new URL(termsOfService).href };
  } catch (error) {
    if (!(error instanceof DelegatedError) || shell.signal.aborted) throw error;
    const why = deadline.aborted ? 'it does not answer in time' : error.message;
    return { kind: 'unreachable', why };
  } finally {
    client.close();
  }
}
