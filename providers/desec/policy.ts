import { relativeToRoot } from '../../src/dns/domain-name.ts';
import type { RRsetKey } from '../../src/provider.ts';

/**
 * The calls that make a token for these RRsets and nothing else
 * (https://desec.readthedocs.io/en/latest/auth/tokens.html#token-scoping-policies, verified 2026-11). Which domain a name
 * belongs to is asked of the API, since the names do not tell.
 */
export function policy(keys: readonly RRsetKey[]): string {
  return [
    'A token that may write these RRsets and nothing else; every token reads all of the account. In a shell with curl and',
    'jq, MANAGE being a token with perm_manage_tokens (the API takes 10 such calls a minute):',
    '  api=https://desec.io/api/v1',
    `  call() { curl -sSf -H "Authorization: Token $MANAGE" -H 'Content-Type: application/json' "$@"; }`,
    `  token=$(call "$api/auth/tokens/" --data '{"name": "delegated"}')`,
    '  policies=$api/auth/tokens/$(echo "$token" | jq -r .id)/policies/rrsets/',
    '  allow() {',
    `    domain=$(call "$api/domains/?owns_qname=$1" | jq -r '.[0].name') && subname=\${1%"$domain"} &&`,
    `    call "$policies" --data '{"domain": "'"$domain"'", "subname": "'"\${subname%.}"'", "type": "'"$2"'", "perm_write": true}'`,
    '  }',
    `  call "$policies" --data '{"domain": null, "subname": null, "type": null, "perm_write": false}'`,
    ...keys.map(({ name, type }) => `  allow '${relativeToRoot(name)}' ${type}`),
    '  echo "$token" | jq -r .token   # the secret, shown this once',
  ].join('\n');
}
