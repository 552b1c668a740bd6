/**
 * What the API sends, as far as we look at it (https://docs.aws.amazon.com/Route53/latest/APIReference/, verified
 * 2026-11). The SDK makes an empty answer of any XML, such as a proxy's HTML, so what stands in each is demanded here.
 */
import type { RRType as ApiRRType } from '@aws-sdk/client-route-53';
import * as z from 'zod';

const hostedZone = z.object({
  Id: z.string().transform((id) => id.replace('/hostedzone/', '')),
  Name: z.string(),
  Config: z.object({ PrivateZone: z.boolean().default(false) }).optional(),
});

const rrset = z.object({
  Name: z.string(),
  Type: z.string(),
  TTL: z.int().min(0).optional(),
  SetIdentifier: z.string().optional(),
  ResourceRecords: z.array(z.object({ Value: z.string() })).default([]),
  AliasTarget: z.object({ DNSName: z.string() }).optional(),
});

export type ApiZone = z.output<typeof hostedZone>;
export type ApiRRset = z.output<typeof rrset>;

export const zonePage = z.object({
  HostedZones: z.array(hostedZone),
  IsTruncated: z.boolean(),
  NextDNSName: z.string().optional(),
  NextHostedZoneId: z.string().optional(),
  MaxItems: z.number(),
});

export const zoneAnswer = z.object({ HostedZone: hostedZone });

export const rrsetPage = z.object({
  ResourceRecordSets: z.array(rrset),
  IsTruncated: z.boolean(),
  NextRecordName: z.string().optional(),
  NextRecordType: z.custom<ApiRRType>((type) => typeof type === 'string').optional(),
  NextRecordIdentifier: z.string().optional(),
  MaxItems: z.number(),
});

export const changeAnswer = z.object({
  ChangeInfo: z.object({ Id: z.string(), Status: z.enum(['PENDING', 'INSYNC']) }),
});

/** What the SDK throws: the service's own error, or what went wrong on the way to it. */
export const sdkError = z.object({
  name: z.string(),
  message: z.string().catch(''),
  // InvalidChangeBatch comes as any other error or as an element of its own, which the SDK does not know (3.1169).
  Messages: z
    .object({ Message: z.union([z.string(), z.array(z.string())]) })
    .transform(({ Message }) => [Message].flat())
    .optional()
    .catch(undefined),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional().catch(undefined),
  $response: z
    .object({ statusCode: z.number(), headers: z.record(z.string(), z.string()) })
    .optional()
    .catch(undefined),
});
