import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { googleTarget } from '../../targets/google.ts';

describeProviderConformance('google', googleTarget);
describeHttpFaults('google', googleTarget);
