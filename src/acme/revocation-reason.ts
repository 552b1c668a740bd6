/**
 * The reasons that a subscriber may give (RFC 5280 §5.3.1, of which the CA/Browser Forum's Baseline Requirements §4.9.1
 * leave these), by their names there.
 */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASONS;
