import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { route53Target } from '../../targets/route53.ts';

describeProviderConformance('route53', route53Target);
describeHttpFaults('route53', route53Target);
