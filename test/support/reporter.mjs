// mocha's own `spec` report with one plain line at the end, for people and machines that only want to know.
import { createRequire } from 'node:module';

const { reporters } = createRequire(import.meta.url)('mocha');

class Closing extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    process.stdout.write(
      `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
    );
  }
}

export { Closing as 'module.exports', Closing as default };
