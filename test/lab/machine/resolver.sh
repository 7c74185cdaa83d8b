#!/usr/bin/env bash
# The company's resolver: BIND, with the lab's network filled in.
set -euo pipefail
IFS=. read -r first second third <<<"$NETWORK"
sed -e "s/@NETWORK@/$NETWORK/g" -e "s/@REVERSE@/$third.$second.$first.in-addr.arpa/g" /lab/named.conf >/etc/bind/named.conf
named-checkconf
# Over IPv4 only, because the lab has no IPv6.
exec named -4 -g -u bind
