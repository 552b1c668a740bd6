import assert from 'node:assert/strict';
import { mannersLaws } from './manners-laws.ts';
import { srvLaws } from './srv-laws.ts';
import { swapLaws } from './swap-laws.ts';
import { type Bench, type ConformanceTarget, createBench, testCtx } from './target.ts';
import { trialLaws } from './trial-laws.ts';
import { txtLaws } from './txt-laws.ts';
import { blindLaws, zoneLaws } from './zone-laws.ts';

/**
 * The contract of src/provider.ts as laws. What a provider does not promise in its capabilities is skipped, never
 * asked by its name.
 */
export function describeProviderConformance(name: string, setup: () => Promise<ConformanceTarget>): void {
  describe(`${name} keeps the provider contract`, () => {
    let bench: Bench | undefined;
    before(async () => {
      const target = await setup();
      const zone = await target.provider.findZone(target.zone, testCtx());
      if (zone === null) await target.stop();
      assert.ok(zone !== null, `no zone ${target.zone}`);
      bench = createBench(target, zone);
    });
    after(async () => {
      await bench?.provider.close?.();
      await bench?.target.stop();
    });
    const ready = (): Bench => {
      assert.ok(bench !== undefined);
      return bench;
    };
    zoneLaws(ready);
    blindLaws(ready);
    srvLaws(ready);
    txtLaws(ready);
    swapLaws(ready);
    trialLaws(ready);
    mannersLaws(ready);
  });
}
