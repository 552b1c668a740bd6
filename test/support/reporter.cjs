// mocha's own `spec` report with one plain line at the end, for people and machines that only want to know.
const { reporters } = require('mocha');

module.exports = class Closing extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    process.stdout.write(
      `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
    );
  }
};
