/** Child of lock.test.ts: takes the lock, says so, and holds it until it is killed. */
import { acquireLock } from '../../src/io/lock.ts';
import { THIS_PROCESS } from '../support/this-process.ts';

const signal = new AbortController().signal;
await acquireLock(process.argv[2] ?? '', { wait: false, signal, ...THIS_PROCESS });
process.stdout.write('held\n');
setInterval(() => {}, 60_000);
