/** The most that the contract knows. */
export const PROMISES = {
  atomic: 'changes',
  cas: 'full',
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 1000,
} as const;
