#!/usr/bin/env bash
# Runs the web server: takes the address that the pool gave to its name, and listens only on this address.
set -euo pipefail
address=$(curl -fsS --retry 5 --retry-all-errors -H "Authorization: Bearer $ZONEWRIGHT_ADMIN_TOKEN" \
  "$API/v1/hosts/nginx.foowidgets.k8s" | jq -er '.addresses[0].address')
ip address replace "$address/24" dev eth0
echo "$address" >/run/address
cat >/etc/nginx/sites-enabled/default <<END
server { listen $address:80 default_server; root /var/www/html; index index.nginx-debian.html; }
END
echo "nginx listens on $address"
exec nginx -g 'daemon off; error_log stderr;'
