import { DelegatedError } from './errors.ts';

/** What a person has to do for each name, at once and not one run after the other. */
export function together(first: DelegatedError, failures: readonly DelegatedError[]): DelegatedError {
  const alike = failures.filter(({ code }) => code === first.code);
  const [messages, hints] = [alike.map(({ message }) => message), alike.flatMap(({ hint }) => hint ?? [])];
  if (new Set(messages).size === 1) return first;
  return new DelegatedError(first.code, [...new Set(messages)].join('; '), {
    ...(hints.length === 0 ? {} : { hint: [...new Set(hints)].join('; ') }),
    retry: first.retry,
    outcome: first.outcome,
    cause: first.cause,
  });
}
