import assert from 'node:assert/strict';
import { TRIAL_LAWS, type TrialBench } from '../../src/trial-laws.ts';
import { type Bench, testCtx } from './target.ts';

/** Those that `delegated provider test` tries on people's own zones; what it says of a good adapter is that it is good. */
export function trialLaws(bench: () => Bench): void {
  describe('on trial', () => {
    let trial: TrialBench;
    let before: readonly string[];
    for (const [index, { title, needs, run }] of TRIAL_LAWS.entries())
      it(title, async function () {
        if (index === 0) {
          before = await bench().target.snapshot();
          trial = benchOf(bench());
        }
        if (!needs(trial.capabilities)) this.skip();
        await run(trial);
      });

    it('leaves nothing behind', async function () {
      if (!trial.capabilities.reads) this.skip();
      assert.deepEqual(await bench().target.snapshot(), before);
    });
  });
}

function benchOf({ provider, zone, read, srvName, txtName }: Bench): TrialBench {
  return {
    zone,
    capabilities: provider.capabilities,
    srvKey: { name: srvName(), type: 'SRV' },
    txtKey: { name: txtName(), type: 'TXT' },
    values: ['a'.repeat(43), 'b'.repeat(43)],
    find: (name) => provider.findZone(name, testCtx()),
    read,
    write: async (...changes) => void (await provider.apply(zone, changes, testCtx())),
    served: async () => undefined,
  };
}
