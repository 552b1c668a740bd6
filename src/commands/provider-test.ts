import { errorReport } from '../report.ts';
import { type TrialStep, tryProvider } from '../trial.ts';
import { selectProviders } from './select-providers.ts';
import { withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { type Paint, paintFor } from './table.ts';

export interface TestFlags extends GlobalOptions {
  readonly zone?: string;
}

const FAILED = 3;

/** Tries the provider on a zone of the user's, below a random label, and removes what it made. */
export async function providerTestCommand(name: string, flags: TestFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async ({ config, ports, ctx }) => {
    const [provider] = selectProviders(config, [name]);
    const paint = paintFor(flags, shell);
    const loud = flags.json !== true && flags.quiet !== true;
    const target = {
      provider: name,
      zone: flags.zone ?? '',
      nameServers: provider?.nameServers ?? [],
      ...(config.propagationTimeoutMs === undefined
        ? {}
        : { propagationTimeoutMs: config.propagationTimeoutMs }),
    };
    const onStep = (step: TrialStep): void => {
      if (loud || (flags.json !== true && step.outcome === 'failed')) shell.out(stepText(step, paint));
    };
    const steps = await tryProvider(target, onStep, ports, ctx);
    const ok = steps.every(({ outcome }) => outcome !== 'failed');
    const report = steps.map(({ error, ...step }) =>
      error === undefined ? step : { ...step, error: errorReport(error) },
    );
    if (flags.json === true)
      shell.out(`${JSON.stringify({ version: 1, ok, provider: name, steps: report }, null, 2)}\n`);
    else if (loud)
      shell.out(ok ? `${name} keeps its promises in this zone\n` : `${name} is not good for this zone\n`);
    return ok ? 0 : FAILED;
  });
}

function stepText({ title, outcome, error }: TrialStep, paint: Paint): string {
  const word = { ok: paint('good', 'ok  '), skipped: paint('dim', 'skip'), failed: paint('bad', 'FAIL') };
  const why = error === undefined ? '' : `        ${error.code}: ${error.message}\n`;
  const hint = error?.hint === undefined ? '' : `        → ${error.hint}\n`;
  return `  ${word[outcome]}  ${title}\n${why}${hint}`;
}
