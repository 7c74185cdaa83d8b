#!/usr/bin/env bash
# Plays the story in chapters, from a machine that knows only the company's resolver. Ends with 1 at the first wrong answer.
#   story.sh register        a pool, a zone, and a name for the web server
#   story.sh visit           the name, its reverse and the web page, through each resolver, and an alias into another zone
#   story.sh change NAME     a new host and a new alias of the web server, used at once and then deleted
#   story.sh ask REPLICA     asks this replica without the resolver
#   story.sh coredns         asks CoreDNS, which reads the same etcd
# API is the URL of the replica that gets the writes.
set -euo pipefail
zone=foowidgets.k8s
web=nginx.$zone
branch=$NETWORK.54

pass() { echo "  ok: $*"; }
fail() { echo "  FAILED: $*" >&2; exit 1; }
same() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; pass "$1: $2"; }

# call METHOD PATH [BODY]: sends a request, and sets $body and $status of the answer.
call() {
  local answer
  answer=$(curl -sS --max-time 10 -X "$1" -H "Authorization: Bearer $ZONEWRIGHT_ADMIN_TOKEN" \
    ${3:+-H 'Content-Type: application/json' --data "$3"} -w '\n%{http_code}' "$API$2")
  status=${answer##*$'\n'} body=${answer%$'\n'*}
}
expect() { # expect STATUS METHOD PATH [BODY]
  call "${@:2}"
  [[ $status == $1 ]] || fail "$2 $3: expected $1, got $status: $body"
}
reverse_zone() { IFS=. read -r first second third <<<"$NETWORK"; echo "$third.$second.$first.in-addr.arpa"; }
address_of() { jq -er '.addresses[0].address' <<<"$body"; }
lookup() { dig +short +tries=2 +time=5 "$@"; }

register() {
  expect 20[01] PUT /v1/pools/default "{\"ranges\": [\"$NETWORK.100-$NETWORK.125\"]}"
  # Each address of the network then has a name that nobody registers.
  expect 20[01] PUT "/v1/zones/$zone" "{\"addressNames\": {\"ranges\": [\"$NETWORK.0/24\"]}, \"skydns\": true}"
  expect 20[01] PUT "/v1/zones/$(reverse_zone)" '{"skydns": true}'
  # The zone of the database is not in Zonewright: the replicas forward it to the company's resolver.
  expect 20[01] PUT /v1/forwarders/foowidgets.com "{\"targets\": [\"$NETWORK.53\"], \"allowFrom\": [\"$NETWORK.0/24\"]}"
  expect 200 PATCH "/v1/zones/$zone/rrsets" '[{"name": "sql-db", "type": "CNAME", "records": ["sqlserver1.foowidgets.com."]}]'
  call POST /v1/hosts "{\"name\": \"$web\"}"
  case $status in
    201) pass "POST /v1/hosts $web: 201 with $(address_of)" ;;
    409) pass "$web exists already: the lab was started before" ;;
    *) fail "POST /v1/hosts $web: $status: $body" ;;
  esac
}

visit() {
  expect 200 GET "/v1/hosts/$web"
  local given; given=$(address_of)
  same 'the pool of the address' "$(jq -r '.addresses[0].pool' <<<"$body")" default
  same "dig $web" "$(lookup "$web")" "$given"
  same "dig -x $given" "$(lookup -x "$given")" "$web."
  # RA without AA shows that the answer comes from a resolver, not from a replica.
  local flags; flags=$(dig +noall +comments "$web" | sed -n 's/^;; flags: \([^;]*\);.*/\1/p')
  [[ " $flags " == *' ra '* && " $flags " != *' aa '* ]] || fail "the answer did not come from a resolver: flags '$flags'"
  page "$web" "$given"
  local computed="web-${given//./-}.$zone"
  same "dig $computed, which nobody registered" "$(lookup "$computed")" "$given"
  page "$computed" "$given"
  same "dig @branch $web" "$(lookup "@$branch" "$web")" "$given"
  same "dig @branch -x $given" "$(lookup "@$branch" -x "$given")" "$web."
  same "dig @branch sql-db.$zone, an alias into a zone that is forwarded" \
    "$(lookup "@$branch" "sql-db.$zone" | paste -sd' ')" 'sqlserver1.foowidgets.com. 192.168.10.200'
  same "dig nobody.$zone" "$(dig "nobody.$zone" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')" NXDOMAIN
}

page() { # page NAME ADDRESS
  local from; from=$(curl -sS --max-time 15 -o /tmp/page.html -w '%{http_code} %{remote_ip}' "http://$1/")
  same "curl http://$1/" "$from" "200 $2"
  grep -q 'Welcome to nginx' /tmp/page.html || fail "http://$1/ is not the page of nginx"
}

change() {
  local name=$1.$zone alias=$1-web.$zone web_address
  expect 201 POST /v1/hosts "{\"name\": \"$name\"}"
  same "dig $name, right after the 201" "$(lookup "$name")" "$(address_of)"
  same "dig @branch $name" "$(lookup "@$branch" "$name")" "$(address_of)"
  expect 200 PATCH "/v1/hosts/$web" "{\"aliases\": [\"$alias\"]}"
  web_address=$(address_of)
  page "$alias" "$web_address"
  expect 200 PATCH "/v1/hosts/$web" '{"aliases": null}'
  expect 204 DELETE "/v1/hosts/$name"
}

ask() {
  expect 200 GET "/v1/hosts/$web"
  same "dig @$1 $web" "$(lookup "@$1" -p 1053 "$web")" "$(address_of)"
  same "dig @$1 sqlserver1.foowidgets.com" "$(lookup "@$1" -p 1053 sqlserver1.foowidgets.com)" 192.168.10.200
}

coredns() {
  expect 200 GET "/v1/hosts/$web"
  local given; given=$(address_of)
  same "dig @coredns $web" "$(lookup "@$NETWORK.55" "$web")" "$given"
  same "dig @coredns -x $given" "$(lookup "@$NETWORK.55" -x "$given")" "$web."
  expect 201 POST /v1/hosts "{\"name\": \"both.$zone\"}"
  same "dig @coredns both.$zone, right after the 201" "$(lookup "@$NETWORK.55" "both.$zone")" "$(address_of)"
  expect 204 DELETE "/v1/hosts/both.$zone"
  same "dig @coredns both.$zone, after it was deleted" "$(lookup "@$NETWORK.55" "both.$zone")" ''
}

"$@"
