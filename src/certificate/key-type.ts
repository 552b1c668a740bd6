/** The key types that public CAs issue for (verified 2026-11: Let's Encrypt takes no P-521 and no Ed25519). */
export const KEY_TYPES = ['ec256', 'ec384', 'rsa2048', 'rsa3072', 'rsa4096'] as const;
export type KeyType = (typeof KEY_TYPES)[number];
