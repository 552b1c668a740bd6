import { startCaDouble } from '../../fakes/ca.ts';
import { startPebble } from '../../support/pebble.ts';
import { describeCa } from './ca-laws.ts';

const NOWHERE = '127.0.0.1:9';

describeCa('Pebble', () =>
  startPebble({
    dnsServer: NOWHERE,
    strict: true,
    env: { PEBBLE_VA_ALWAYS_VALID: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  }),
);

describeCa('our double', async () => {
  const ca = await startCaDouble();
  return { ...ca, root: () => Promise.resolve(ca.root) };
});
