import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { webhookTarget } from '../../targets/webhook.ts';

describeProviderConformance('webhook', () => webhookTarget());
describeProviderConformance('webhook with an endpoint for each record', () =>
  webhookTarget({ per: 'record' }),
);
describeHttpFaults('webhook', () => webhookTarget());
