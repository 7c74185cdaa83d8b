#!/usr/bin/env bash
# Writes the configuration that Zonewright renders for a resolver into a file.
#   fetch.sh RESOLVER FILE [PART]
set -euo pipefail
curl -fsS --retry 15 --retry-delay 1 --retry-all-errors -H "Authorization: Bearer $ZONEWRIGHT_ADMIN_TOKEN" -o "$2" \
  "$API/v1/forwarding/$1?zones=foowidgets.k8s${3:+&part=$3}"
