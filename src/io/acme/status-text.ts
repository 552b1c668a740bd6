import { STATUS_CODES } from 'node:http';
import type { Answer } from './answer.ts';

/** An error answer without a problem document, mostly a front end's page: what it was, without the page. */
export function describeStatus({ status, headers, url }: Answer): string {
  const text = `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
  const location = headers['location'];
  if (status >= 300 && status < 400 && location !== undefined && URL.canParse(location, url))
    return `${text}: a redirect to ${new URL(location, url).href}, which is not followed`;
  const type = /^[\w.+/-]+/.exec(headers['content-type'] ?? '')?.[0];
  return type === undefined ? text : `${text} with ${type} in place of a problem document`;
}
