import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CERTIFICATE_AUTHORITIES, DEFAULT_CA, bindingPageOf } from '../config/certificate-authorities.ts';
import { ca as caSchema, emailAddress } from '../config/scalars.ts';
import type { TemplateAnswers } from '../config/template.ts';
import { DelegatedError } from '../errors.ts';
import { createSystemClock } from '../io/clock.ts';
import { readCertificates } from '../io/certificates-file.ts';
import { type SecretFile, askSecret } from './init-secret.ts';
import type { InitFlags } from './init.ts';
import { type Interview, optional, readBy } from './interview.ts';
import { createTools } from './session.ts';
import type { Shell } from './shell.ts';

export interface CaAnswers {
  readonly answers: Pick<TemplateAnswers, 'ca' | 'email' | 'eab' | 'termsOfServiceAgreed'>;
  readonly secrets: readonly SecretFile[];
}

const DIRECTORY_MS = 10_000;

/** Which CA, whom it may write to, and whether its terms are agreed to: that is for nobody but the person to say. */
export async function askCa(
  folder: string,
  flags: InitFlags,
  interview: Interview,
  shell: Shell,
): Promise<CaAnswers> {
  const isCa = readBy(caSchema);
  interview.say('');
  const ca =
    flags.ca ??
    (await interview.ask(
      `CA (${Object.keys(CERTIFICATE_AUTHORITIES).join(', ')}, or the URL of an ACME directory)`,
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
  const sight = await lookAtCa(directoryUrl, flags, shell);
  const { eab, secrets } = await askBinding(directoryUrl, sight, folder, interview);
  if (sight.kind === 'unreachable') interview.say(`The CA cannot be asked for its terms: ${sight.why}`);
  const agreed = await interview.confirm(
    sight.kind === 'seen' && sight.terms !== null
      ? `Its terms of service are at ${sight.terms} - do you agree?`
      : 'Do you agree to its terms of service, and have you read them?',
    false,
  );
  const answers = {
    ca,
    ...(email === null ? {} : { email }),
    ...(eab === null ? {} : { eab }),
    termsOfServiceAgreed: agreed,
  };
  return { answers, secrets };
}

async function askBinding(
  directoryUrl: string,
  sight: CaSight,
  folder: string,
  interview: Interview,
): Promise<{
  readonly eab: NonNullable<TemplateAnswers['eab']> | null;
  readonly secrets: readonly SecretFile[];
}> {
  const page = bindingPageOf(directoryUrl);
  if (page === null && !(sight.kind === 'seen' && sight.bound)) return { eab: null, secrets: [] };
  const where = page === null ? 'It hands both out itself' : `${page} hands both out`;
  interview.say(`This CA wants to know whose account it is, by a key id and an HMAC key. ${where}.`);
  const kid = await interview.ask('  Key id', (answer) => answer);
  const hmacKeyFile = join(folder, 'eab.secret');
  const secret = await askSecret('HMAC key', hmacKeyFile, interview);
  return { eab: { kid, hmacKeyFile }, secrets: secret === null ? [] : [secret] };
}

type CaSight =
  /** `bound`: it wants an external account binding. */
  | { readonly kind: 'seen'; readonly terms: string | null; readonly bound: boolean }
  | { readonly kind: 'unreachable'; readonly why: string };

async function lookAtCa(directoryUrl: string, { caFile }: InitFlags, shell: Shell): Promise<CaSight> {
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
    const { termsOfService = '', externalAccountRequired } = await client.directory({
      signal: AbortSignal.any([shell.signal, deadline]),
    });
    // The parser of URLs leaves nothing in it that a terminal would obey.
    const terms = URL.canParse(termsOfService) ? new URL(termsOfService).href : null;
    return { kind: 'seen', terms, bound: externalAccountRequired };
  } catch (error) {
    if (!(error instanceof DelegatedError) || shell.signal.aborted) throw error;
    const why = deadline.aborted ? 'it does not answer in time' : error.message;
    return { kind: 'unreachable', why };
  } finally {
    client.close();
  }
}
