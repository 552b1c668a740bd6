import * as z from 'zod';
import { BaseUrl, Timeout } from '../floor/option-types.ts';

/**
 * What `gcloud` and the console give out: `service_account`, `external_account` (workload identity federation),
 * `authorized_user`, `impersonated_service_account`.
 */
export interface Credentials {
  readonly type: string;
  readonly project_id?: string;
}

const credentialsFile = z.looseObject({ type: z.string(), project_id: z.string().exactOptional() });

const CredentialsText = z.string().transform((text, ctx): Credentials => {
  const parsed = parseCredentials(text);
  if (parsed !== null) return parsed;
  ctx.addIssue({ code: 'custom', message: 'expected the JSON text of a credentials file' });
  return z.NEVER;
});

/** The parser's own message would quote the text. */
export function parseCredentials(text: string): Credentials | null {
  try {
    return credentialsFile.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

export const ZoneName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
  error: 'expected the name or number of a zone, such as example-org',
});

/** The settings of a provider of type `google`; the secret is resolved already. */
export const googleOptions = z
  .strictObject({
    project: z
      .string()
      .regex(/^[a-z0-9.:-]+$/, { error: 'expected the id of a project, such as my-project-1234' })
      .optional()
      .describe('The project with the zones. Default: the one of the credentials'),
    keyFile: z.string().min(1).optional().describe('Path of a credentials file (JSON)'),
    credentials: CredentialsText.optional().describe('The JSON text of a credentials file, as a secret'),
    zone: z
      .union([ZoneName, z.array(ZoneName).min(1)])
      .transform((zone) => [zone].flat())
      .optional()
      .describe('The zones to use, by their names in Cloud DNS. Default: those that the project lists'),
    apiEndpoint: BaseUrl.default('https://dns.googleapis.com').describe('Where the API listens'),
    timeout: Timeout,
  })
  .refine(({ keyFile, credentials }) => keyFile === undefined || credentials === undefined, {
    error: 'keyFile and credentials are both set; one of them has to go',
  });

export type GoogleOptions = z.output<typeof googleOptions>;
