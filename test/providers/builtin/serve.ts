/** Child of serving.test.ts: serves until it is killed. */
import { createBuiltin } from '../../../providers/builtin/index.ts';
import { builtinOptions } from '../../../providers/builtin/options.ts';
import { testCtx } from '../../conformance/target.ts';
import { SILENT } from '../../support/builtin.ts';

const [port = '', stateDirectory = ''] = process.argv.slice(2);
const options = builtinOptions.parse({
  listen: [`127.0.0.1:${port}`, `[::1]:${port}`],
  zones: ['example.test'],
});
const provider = createBuiltin(options, { stateDirectory, name: 'main', log: SILENT, now: () => new Date() });
await provider.listen(testCtx());
process.stdout.write('serving\n');
setInterval(() => undefined, 60_000);
