import type { Interview } from './interview.ts';
import { fileExists } from './new-config.ts';

export interface SecretFile {
  readonly path: string;
  /** Null: nobody typed it, so it is still to be written. */
  readonly secret: string | null;
}

/**
 * Null where the file is there already: it is taken as it is, and nothing is asked.
 * @param read throws a DelegatedError, without the secret in it, for what cannot be one
 */
export async function askSecret(
  label: string,
  path: string,
  interview: Interview,
  read: (typed: string) => void | Promise<void> = () => undefined,
): Promise<SecretFile | null> {
  if (await fileExists(path)) {
    interview.say(`${label}: ${path} is there already, and is taken as it is.`, '  ');
    return null;
  }
  const question = `  ${label}: paste it (it is not shown), or Enter to write it into ${path} later`;
  return { path, secret: await interview.secret(question, read) };
}
