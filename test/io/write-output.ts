/** Child of output-writer.test.ts: one write, as whatever user it was started. Prints the error's code, or `written`. */
import { createOutputWriter } from '../../src/io/output-writer.ts';
import { asDelegatedError } from '../../src/errors.ts';
import { version } from '../support/numbered-version.ts';

const [directory = '', owner = '', group = ''] = process.argv.slice(2);
const target = {
  directory,
  ...(owner !== '' && { owner }),
  ...(group !== '' && { group }),
  keyMode: 0o640,
  certificateMode: 0o644,
  layout: 'links',
} as const;
try {
  await createOutputWriter().write(target, version(1));
  process.stdout.write('written');
} catch (error) {
  process.stdout.write(asDelegatedError(error).code);
}
