#!/usr/bin/env bash
# Runs the resolver of a branch office: dnsmasq, with the file that Zonewright renders. It knows no other servers.
set -euo pipefail
/lab/fetch.sh dnsmasq /etc/zonewright.conf
# With --all-servers, dnsmasq asks all replicas. Otherwise it asks another one only after a query was repeated from the
# same port, and dig repeats its query from another port.
exec dnsmasq --keep-in-foreground --log-facility=- --no-resolv --no-hosts --all-servers --conf-file=/etc/zonewright.conf
