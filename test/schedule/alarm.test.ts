import assert from 'node:assert/strict';
import { type AlarmQuestion, type Level, isNews, levelOf } from '../../src/schedule/alarm.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-11-25T12:00:00Z');
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR);
const level = (over: Partial<AlarmQuestion>): Level | null =>
  levelOf({ fails: true, urgency: 'none', failingSince: ago(0), now: NOW, ...over });

describe('whom to wake', () => {
  it('nobody while all is well, or while it may be well again within the hour', () => {
    assert.equal(level({ fails: false }), 'well');
    assert.equal(level({}), null);
    assert.equal(level({ failingSince: ago(0.9), retryAt: new Date(NOW.getTime() + 0.9 * HOUR) }), null);
  });

  it('somebody when it has failed for an hour, or will not be tried again for one', () => {
    assert.equal(level({ failingSince: ago(1) }), 'failing');
    assert.equal(level({ retryAt: new Date(NOW.getTime() + HOUR) }), 'failing');
  });

  it('somebody whose certificate nears its end, whether or not anything fails', () => {
    assert.equal(level({ fails: false, urgency: 'late' }), 'late');
    assert.equal(level({ fails: false, urgency: 'urgent' }), 'urgent');
    assert.equal(level({ urgency: 'expired' }), 'broken');
  });

  it('once, again when it is another matter, and again before it is forgotten', () => {
    assert.ok(isNews('failing', undefined, NOW));
    assert.ok(!isNews('well', undefined, NOW));
    assert.ok(isNews('well', { level: 'failing', at: ago(1) }, NOW));
    assert.ok(isNews('late', { level: 'failing', at: ago(1) }, NOW));
    assert.ok(!isNews('failing', { level: 'failing', at: ago(7 * 24 - 1) }, NOW));
    assert.ok(isNews('failing', { level: 'failing', at: ago(7 * 24) }, NOW));
    assert.ok(!isNews('urgent', { level: 'urgent', at: ago(23) }, NOW));
    assert.ok(isNews('urgent', { level: 'urgent', at: ago(24) }, NOW));
  });
});
