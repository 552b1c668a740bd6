import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };

/**
 * `12h`, `30m`, `1d`, as milliseconds.
 * @throws InvalidArgumentError, which commander turns into E_USAGE
 */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined) throw new InvalidArgumentError('expected minutes, hours or days, such as 12h');
  return Number(digits) * factor;
}
