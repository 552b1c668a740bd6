import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { hetznerTarget } from '../../targets/hetzner.ts';

describeProviderConformance('hetzner', hetznerTarget);
describeHttpFaults('hetzner', hetznerTarget);
