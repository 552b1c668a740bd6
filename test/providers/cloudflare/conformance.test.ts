import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { cloudflareTarget } from '../../targets/cloudflare.ts';

describeProviderConformance('cloudflare', cloudflareTarget);
describeHttpFaults('cloudflare', cloudflareTarget);
