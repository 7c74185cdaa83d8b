#!/usr/bin/env bash
# The resolver of a branch office: dnsmasq, with the file that Zonewright renders. It knows no other servers.
set -euo pipefail
/lab/fetch.sh dnsmasq /etc/zonewright.conf
# all-servers: otherwise dnsmasq goes on asking a replica that is gone. dig repeats its query from another port.
exec dnsmasq --keep-in-foreground --log-facility=- --no-resolv --no-hosts --all-servers --conf-file=/etc/zonewright.conf
