/**
 * An issue value of RFC 8659 §4.2, as CAA records and the standing values of dns-persist-01 have it: the name of a CA, then
 * parameters.
 */
export interface IssueValue {
  /** Lower case, without a trailing dot; empty for a value that names nobody. */
  readonly issuer: string;
  /** In their order, tags in lower case. */
  readonly parameters: readonly (readonly [tag: string, value: string])[];
}

const VALUE = /^[\t ]*([A-Za-z0-9.-]*)[\t ]*(?:;(.*))?$/;
const PARAMETER = /^[\t ]*([A-Za-z0-9-]+)[\t ]*=[\t ]*([\x21-\x3a\x3c-\x7e]*)[\t ]*$/;

/** Null for what is no such value. */
export function parseIssueValue(text: string): IssueValue | null {
  const [, issuer, rest = ''] = VALUE.exec(text) ?? [];
  if (issuer === undefined) return null;
  const parts = rest.split(';').filter((part) => part.trim() !== '');
  const parameters = parts.flatMap((part): (readonly [string, string])[] => {
    const [, tag, value = ''] = PARAMETER.exec(part) ?? [];
    return tag === undefined ? [] : [[tag.toLowerCase(), value]];
  });
  if (parameters.length < parts.length) return null;
  return { issuer: issuer.toLowerCase().replace(/\.$/, ''), parameters };
}
