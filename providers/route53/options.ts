import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** `/hostedzone/Z…` is what the API and its command line show; the id alone is what IAM wants. */
const HostedZoneId = z
  .string()
  .regex(/^(?:\/hostedzone\/)?[A-Z0-9]{1,32}$/, {
    error: 'expected the id of a hosted zone, such as Z0123456789ABCDEFGHIJ',
  })
  .transform((id) => id.replace('/hostedzone/', ''));

/** The settings of a provider of type `route53`; secrets are resolved already. */
export const route53Options = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-\d+$/, { error: 'expected a region, such as us-east-1' })
      .default('us-east-1')
      .describe(
        'Route 53 is the same in all regions of a partition; another one than AWS itself is chosen by it',
      ),
    hostedZoneId: HostedZoneId.optional().describe(
      'The one hosted zone to use; also where its name is not unique',
    ),
    accessKeyId: Token.optional().describe('An access key; without one the credentials of the AWS SDK count'),
    secretAccessKey: Token.optional().describe('Its secret'),
    sessionToken: Token.optional().describe('The session token of temporary credentials'),
    profile: z.string().min(1).optional().describe('A profile of ~/.aws/config, in place of an access key'),
    endpoint: BaseUrl.optional().describe('Another URL for the API: a VPC endpoint, a proxy'),
    timeout: Timeout,
  })
  .refine((all) => (all.accessKeyId === undefined) === (all.secretAccessKey === undefined), {
    error: 'accessKeyId and secretAccessKey go together',
  })
  .refine((all) => all.sessionToken === undefined || all.accessKeyId !== undefined, {
    error: 'sessionToken goes with accessKeyId and secretAccessKey',
  })
  .refine((all) => all.profile === undefined || all.accessKeyId === undefined, {
    error: 'profile and accessKeyId exclude each other',
  });

export type Route53Options = z.output<typeof route53Options>;
