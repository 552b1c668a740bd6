import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { under } from '../../src/dns/domain-name.ts';
import type { Ctx, DnsProvider } from '../../src/provider.ts';
import { rejection } from './expectations.ts';
import { type Bench, digest, testCtx } from './target.ts';

const ABORT_MS = 250;

export function mannersLaws(bench: () => Bench): void {
  /** Every call that leaves the process. */
  function calls(provider: DnsProvider): Record<string, (ctx: Ctx) => Promise<unknown>> {
    const { zone, ttls } = bench();
    const name = under('_acme-challenge.manners', zone.name);
    return {
      check: (ctx) => provider.check(ctx),
      findZone: (ctx) => provider.findZone(name, ctx),
      readRRsets: (ctx) => provider.readRRsets(zone, [{ name, type: 'TXT' }], ctx),
      apply: (ctx) =>
        provider.apply(
          zone,
          [{ op: 'add', name, type: 'TXT', ttl: ttls.low, values: [digest('manners')] }],
          ctx,
        ),
    };
  }

  describe('when it is stopped', () => {
    for (const call of ['check', 'findZone', 'readRRsets', 'apply'])
      it(`${call} gives up on a mute server within ${ABORT_MS} ms`, async function () {
        if (bench().target.answeredAlone?.some((each) => each === call) === true) this.skip();
        if (call === 'readRRsets' && !bench().provider.capabilities.reads) this.skip();
        const provider = await bench().target.mute();
        try {
          const stop = new AbortController();
          const pending = rejection(calls(provider)[call]?.(testCtx(stop.signal)) ?? Promise.resolve());
          await new Promise((resolve) => setImmediate(resolve));
          const since = performance.now();
          stop.abort();
          assert.equal((await pending).code, 'E_ABORTED');
          assert.ok(performance.now() - since < ABORT_MS);
        } finally {
          await provider.close?.();
        }
      });

    it('does nothing for a signal that has fired already', async () => {
      const before = await bench().target.snapshot();
      for (const call of Object.values(calls(bench().provider)))
        assert.equal((await rejection(call(testCtx(AbortSignal.abort())))).code, 'E_ABORTED');
      assert.deepEqual(await bench().target.snapshot(), before);
    });

    it('can be closed twice', async () => {
      const provider = await bench().target.mute();
      await provider.close?.();
      await provider.close?.();
    });
  });

  it('shows no secret in any error', async () => {
    const { target } = bench();
    const providers = await target.broken();
    assert.ok(target.secrets.every((secret) => secret.length >= 8));
    for (const provider of providers) {
      for (const call of Object.values(calls(provider))) {
        const shown = await call(testCtx()).catch((error: unknown) => error);
        const text = inspect(shown, { depth: 12, showHidden: true });
        for (const secret of target.secrets)
          assert.ok(!text.includes(secret), text.replaceAll(secret, '[secret]'));
      }
      await provider.close?.();
    }
  });

  it('passes its own check', async () => {
    const items = await bench().provider.check(testCtx());
    assert.ok(items.length > 0);
    for (const item of items) assert.ok(item.ok, item.message);
  });
}
