import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { powerdnsTarget } from '../../targets/powerdns.ts';

describeProviderConformance('powerdns', powerdnsTarget);
describeHttpFaults('powerdns', powerdnsTarget);
