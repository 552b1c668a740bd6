import { DelegatedError } from '../errors.ts';
import type { Directory } from './directory.ts';

/**
 * Whether the CA has a certificate profile (draft-ietf-acme-profiles), before it is asked for anything.
 * @throws DelegatedError E_ACME_PROFILE, which names those that it has
 */
export function requireProfile(
  profile: string | undefined,
  { profiles }: Pick<Directory, 'profiles'>,
  directoryUrl: string,
): void {
  if (profile === undefined || profiles?.includes(profile) === true) return;
  const { host } = new URL(directoryUrl);
  const has =
    profiles === undefined || profiles.length === 0 ? 'it has none at all' : `it has ${profiles.join(', ')}`;
  throw new DelegatedError('E_ACME_PROFILE', `${host} has no certificate profile "${profile}": ${has}`, {
    hint: 'set `acme.profile` to one that the CA has, or leave it out; nothing was ordered',
  });
}
