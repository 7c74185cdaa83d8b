#!/usr/bin/env bash
# Runs the company's resolver: BIND, with the two files that Zonewright renders.
set -euo pipefail
for part in options zones; do /lab/fetch.sh bind "/etc/bind/zonewright.$part" "$part"; done
sed "s/@NETWORK@/$NETWORK/g" /lab/named.conf >/etc/bind/named.conf
named-checkconf
# BIND uses only IPv4, because the lab has no IPv6.
exec named -4 -g -u bind
