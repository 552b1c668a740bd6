#!/usr/bin/env bash
# `npm test`: installs what the tests need, builds, runs every test, ends with the line `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."

# command → Debian package
needs='pebble:pebble named:bind9 dig:bind9-dnsutils knotd:knot kdig:knot-dnsutils pdns_server:pdns-server
  sqlite3:sqlite3 openssl:openssl flock:util-linux systemd-analyze:systemd
  nginx:nginx-light apache2:apache2-bin haproxy:haproxy caddy:caddy
  certbot:certbot lego:lego dehydrated:dehydrated'
PATH=$PATH:/usr/sbin:/sbin
missing=()
for need in $needs; do command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}"); done
[ -e /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql ] || missing+=(pdns-backend-sqlite3)

if [ ${#missing[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as='sudo -n'; else
    printf 'The tests need some Debian packages. Run this once, then `npm test` again:\n\n  sudo %s\n\n' "$install" >&2
    exit 1
  fi
  echo "installing ${missing[*]}" >&2
  log=$(mktemp)
  # Their services are not wanted: the tests start copies of their own on free ports.
  if ! { $as env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get update &&
    $as env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $install; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
  fi
fi

npm run -s build || exit 1
[ $# -gt 0 ] || set -- 'test/**/*.test.ts'
exec node_modules/.bin/mocha --reporter ./test/support/reporter.cjs "$@"
