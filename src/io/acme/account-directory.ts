import { join } from 'node:path';
import { toFileName } from '../file-name.ts';

/** One account per directory URL: a CA and its staging have nothing in common. */
export function accountDirectory(state: string, directoryUrl: string): string {
  const { host, pathname } = new URL(directoryUrl);
  const path = pathname.replace(/^\/+|\/+$/g, '').replaceAll('/', '_');
  return join(state, 'accounts', toFileName(path === '' ? host : `${host}_${path}`));
}
