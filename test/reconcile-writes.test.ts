import assert from 'node:assert/strict';
import { ownershipMark } from '../src/dns/ownership.ts';
import * as rrsets from './conformance/target.ts';
import { count, fails, trouble } from './support/faults.ts';
import { type Around, FED, MATRIX, createWorld, site, srv } from './support/fake-ports.ts';
import { run, summary } from './support/run-reconcile.ts';

const OTHER = rrsets.srv(FED, [srv(MATRIX, 443)], 3600);
const OURS = rrsets.txt(FED, [ownershipMark('us')], 3600);

describe('a write that does not go as planned', () => {
  it('is decided again on what stands there now, when somebody else was faster', async () => {
    const world = createWorld();
    const meddling: Around = async (call, perform) => {
      if (call === 'provider.apply' && count(world, call) === 1) world.provider.write(OTHER);
      return perform();
    };
    // Without our mark beside it, what somebody else has just written is not ours to overwrite.
    assert.deepEqual(summary(await run(world, { around: meddling })), {
      'example.org': ['refuse', 'E_RECORD_FOREIGN'],
    });

    const ours = createWorld();
    ours.provider.write(OURS);
    const again: Around = async (call, perform) => {
      if (call === 'provider.apply' && count(ours, call) === 1) ours.provider.write(OTHER);
      return perform();
    };
    assert.deepEqual(summary(await run(ours, { around: again })), { 'example.org': ['update'] });
    assert.equal(count(ours, 'provider.apply'), 2);
    assert.equal(count(ours, 'provider.readRRsets'), 2);
  });

  it('is given up after three rounds of conflict', async () => {
    const world = createWorld();
    const around = fails('provider.apply', trouble('E_PROVIDER_CONFLICT'), Infinity);
    assert.deepEqual(summary(await run(world, { around })), {
      'example.org': ['fail', 'E_PROVIDER_CONFLICT'],
    });
    assert.equal(count(world, 'provider.apply'), 3);
    assert.equal(count(world, 'provider.readRRsets'), 3);
  });

  it('is not repeated blindly when its outcome is unknown: it is read, seen to be there, and proven', async () => {
    const world = createWorld();
    const around = fails('provider.apply', trouble('E_PROVIDER_TIMEOUT', 'unknown'), 1, 'after');
    assert.deepEqual(summary(await run(world, { around })), { 'example.org': ['create'] });
    assert.equal(count(world, 'provider.apply'), 1);
    assert.equal(count(world, 'provider.readRRsets'), 2);
    assert.equal(world.dns.asked.filter((line) => line.endsWith(`${FED} SRV`)).length, 3);
  });

  it('is done after all when its outcome is unknown and it turns out not to be there', async () => {
    const world = createWorld();
    const around = fails('provider.apply', trouble('E_PROVIDER_TIMEOUT', 'unknown'));
    assert.deepEqual(summary(await run(world, { around })), { 'example.org': ['create'] });
    assert.equal(count(world, 'provider.apply'), 2);
  });

  it('reports what it deleted although nobody told it so', async () => {
    const world = createWorld();
    await run(world, { sites: [site({ legacySrv: true })] });
    const around = fails('provider.apply', trouble('E_PROVIDER_TIMEOUT', 'unknown'), 1, 'after');
    assert.deepEqual(summary(await run(world, { around }))['example.org']?.toSorted(), ['delete', 'keep']);
  });

  it('is the end of it when the provider refuses', async () => {
    const world = createWorld();
    const around = fails('provider.apply', trouble('E_PROVIDER_FORBIDDEN'), Infinity);
    assert.deepEqual(summary(await run(world, { around })), {
      'example.org': ['fail', 'E_PROVIDER_FORBIDDEN'],
    });
    assert.equal(count(world, 'provider.apply'), 1);
  });

  it('is not tried again for a caller that has given up', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const around: Around = async (call, perform) => {
      if (call === 'provider.apply') stop.abort();
      return perform();
    };
    const outcomes = await run(world, { around, signal: stop.signal });
    assert.deepEqual(summary(outcomes), { 'example.org': ['fail', 'E_ABORTED'] });
    assert.equal(count(world, 'provider.apply'), 1);
  });
});
