import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { ovhTarget } from '../../targets/ovh.ts';

describeProviderConformance('ovh', ovhTarget);
describeHttpFaults('ovh', ovhTarget);
