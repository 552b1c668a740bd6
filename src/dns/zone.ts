import type { DomainName } from './domain-name.ts';

/** A zone as a provider knows it. */
export interface Zone {
  /** The provider's own key for the zone: a name, a number, an opaque id. */
  readonly id: string;
  /** The apex. */
  readonly name: DomainName;
}
