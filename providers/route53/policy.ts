import { relativeToRoot } from '../../src/dns/domain-name.ts';
import type { RRsetKey } from '../../src/provider.ts';
import { toApiName } from './convert.ts';
import type { DomainName } from '../../src/provider.ts';

/**
 * An IAM policy for exactly these RRsets. The conditions hold for all changes of a batch, and names are lower case,
 * without the last dot, `*` as `\052`
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html, verified 2026-11).
 */
export function iamPolicy(keys: readonly RRsetKey[]): string {
  const names = [...new Set(keys.map(({ name }) => conditionName(name)))];
  const types = [...new Set(keys.map(({ type }) => type))];
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'FindZone',
        Effect: 'Allow',
        Action: ['route53:ListHostedZonesByName', 'route53:GetHostedZone', 'route53:GetChange'],
        Resource: '*',
      },
      {
        Sid: 'ReadRecords',
        Effect: 'Allow',
        Action: 'route53:ListResourceRecordSets',
        Resource: 'arn:aws:route53:::hostedzone/ZONE_ID',
      },
      {
        Sid: 'ChangeRecords',
        Effect: 'Allow',
        Action: 'route53:ChangeResourceRecordSets',
        Resource: 'arn:aws:route53:::hostedzone/ZONE_ID',
        Condition: {
          'ForAllValues:StringEquals': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': names,
            'route53:ChangeResourceRecordSetsRecordTypes': types,
            'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
          },
        },
      },
    ],
  };
  return JSON.stringify(policy, null, 2);
}

function conditionName(name: DomainName): string {
  return toApiName(name).slice(0, relativeToRoot(name) === name ? undefined : -1);
}
