import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { desecTarget } from '../../targets/desec.ts';

describeProviderConformance('desec', desecTarget);
describeHttpFaults('desec', desecTarget);
