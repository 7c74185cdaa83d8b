# Values of the formats that only Zonewright has, for Schemathesis, and relations that JSON schema cannot express.

import os
import re
from datetime import datetime
from pathlib import Path
from unicodedata import category

import schemathesis
from hypothesis import strategies as st

# There are few names and addresses, so that many requests are about something that an earlier request has made.
labels = st.one_of(st.sampled_from(["a", "b", "c"]), st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True))
zones = st.sampled_from(["foo.k8s", "bar.k8s", "sub.foo.k8s"])
names = st.one_of(
    st.builds(lambda label, zone: f"{label}.{zone}", labels, zones),
    st.lists(labels, min_size=1, max_size=4).map(".".join),
)
schemathesis.openapi.format("dns-name", names)
schemathesis.openapi.format("dns-names", st.lists(zones, min_size=1, max_size=3).map(",".join))
schemathesis.openapi.format("certificates", st.just(Path(os.environ["ZONEWRIGHT_TEST_CERTIFICATE"]).read_text()))
schemathesis.openapi.format("relative-name", st.one_of(st.just("@"), labels))
schemathesis.openapi.format("mailbox", names)
schemathesis.openapi.format("ipv4", st.one_of(st.integers(0, 15).map("10.0.0.{}".format), st.ip_addresses(v=4).map(str)))
schemathesis.openapi.format(
    "token-name",
    st.text(min_size=1, max_size=100)
    .map(lambda text: "".join(one for one in text if not category(one).startswith("C")) + "1")
    .filter(lambda text: len(text) <= 100),
)
kinds = st.sampled_from(["host", "pool", "zone", "rrset", "allocation", "token", "resolver", "forwarder"])
schemathesis.openapi.format("resources", st.lists(kinds, min_size=1, max_size=6).map(",".join))
schemathesis.openapi.format("record-type", st.sampled_from(["A", "AAAA", "MX", "TXT", "SRV", "CAA", "TYPE65280"]))
schemathesis.openapi.format(
    "forwarder-target",
    st.integers(1, 65535).flatmap(
        lambda port: st.sampled_from([f"192.0.2.53:{port}", "2001:db8::53", f"192.0.2.54:{port}#dns.corp.test"])
    ),
)
ranges = st.one_of(
    st.integers(0, 255).map(lambda octet: f"10.0.{octet}.0/24"),
    st.tuples(st.integers(0, 99), st.integers(100, 255)).map(lambda ends: f"10.1.0.{ends[0]}-10.1.0.{ends[1]}"),
    st.ip_addresses().map(str),
)
schemathesis.openapi.format("address-range", ranges)
schemathesis.openapi.format("pool-or-range", st.one_of(st.sampled_from(["default", "a", "b"]), ranges))


@schemathesis.hook
def map_query(context, query):
    """A cursor is what a list returned: a made-up one is refused. Times are in order. A stream ends after a
    second, and so does the wait for an address."""
    shown = {name: value for name, value in (query or {}).items() if name != "cursor"}
    path = context.operation.path
    if path == "/v1/watch":
        since = {"since": shown["since"] % 100} if "since" in shown else {}
        return {**shown, **since, "forSeconds": 1}
    if "wait" in shown:
        shown = {**shown, "wait": 1}
    if "since" in shown and "until" in shown:
        since, until = sorted([shown["since"], shown["until"]], key=instant)
        shown = {**shown, "since": since, "until": until}
        if instant(until) - instant(since) < 0.002:
            del shown["until"]
    if "since" in shown or "until" in shown:
        shown.pop("at", None)
        # A plot has at most 2,000 steps. Without `since` and `until`, it shows a day.
        shown.pop("step", None)
    if path.endswith("/usage") and "step" in shown:
        shown["step"] = max(44, shown["step"])
    return shown


def instant(text):
    return datetime.fromisoformat(text.upper().replace("Z", "+00:00")).timestamp()


@schemathesis.hook
def before_call(context, case, kwargs):
    """The name in a body is the one in the path; the count and the family are those of the addresses. Each resolver
    has its own parts of a configuration."""
    if "part" in (case.query or {}):
        parts = {"bind": "zones"}
        case.query["part"] = parts.get(case.path_parameters.get("resolver"))
        if case.query["part"] is None:
            del case.query["part"]
    if case.operation.path == "/v1/pools/{pool}" and case.operation.method.lower() == "put":
        case.path_parameters["pool"] = pool_name(case.path_parameters["pool"])
    if "/forwarders/" in case.operation.path and re.fullmatch("[0-9./]+", case.path_parameters["zone"]):
        # A forwarder is not named by addresses. Its reverse zone has a name.
        case.path_parameters["zone"] = "corp.test"
    body = case.body
    rows = {"hosts": "name\na.foo.k8s\n", "allocations": "address\n10.0.0.1\n"}
    for resource, text in rows.items():
        if case.operation.path.endswith(f"/{resource}:import"):
            # The first line of the file names its columns.
            case.body = text
            return
    if isinstance(body, list) and case.operation.path.endswith("/rrsets"):
        case.body = list({(one.get("name"), one.get("type")): one for one in body if isinstance(one, dict)}.values())
    if not isinstance(body, dict):
        return
    method, path = case.operation.method.lower(), case.operation.path
    # Settings of the SkyDNS layout need the store etcd. Pools have one space: a pool that was carved has that of
    # its parent.
    left_out = {"skydns", "stubZones", "stubZonesAllowFrom", "space"}
    if method == "put" or (method == "patch" and path != "/v1/hosts/{name}"):
        left_out |= {"name", "type"}
    if isinstance(body.get("addressNames"), dict):
        # Its ranges may have no IPv4, and what stands may have no form that a patch leaves on, or no ranges.
        always = {"ranges": ["10.0.0.0/8"], "dashed": True, "ipv6": True}
        body = {**body, "addressNames": {**always, **body["addressNames"], "dashed": True, "ipv6": True}}
    if "with" in body:
        # Two hosts exchange the families that both have.
        body = {**body, "with": "other.foo.k8s"}
        left_out.add("families")
    if path.startswith("/v1/pools") and "name" in body:
        body = {**body, "name": pool_name(body["name"])}
    for end, other in [("/merge", "from"), ("/renumber", "to")]:
        # The other pool is not the pool itself, by its name or by its id.
        if path.endswith(end) and isinstance(body.get(other), str) and is_itself(body[other]):
            body = {**body, other: "b"}
        if path.endswith(end):
            case.path_parameters["pool"] = "default"
    if "prefixLength" in body:
        body = {**body, "prefixLength": min(body["prefixLength"], 32)}
    if isinstance(body.get("hosts"), list):
        body = {**body, "hosts": [related(host) if isinstance(host, dict) else host for host in body["hosts"]]}
    case.body = {field: value for field, value in related(body).items() if field not in left_out}


def is_id(text):
    """Schemathesis takes ids of pools from answers."""
    return re.fullmatch("[0-7][0-9a-z]{25}", text) is not None


def is_itself(text):
    return text == "default" or is_id(text)


def pool_name(text):
    """A name that is not in the form of an id."""
    return f"pool-{text[:20]}" if is_id(text) else text


def related(body):
    """The fields of a host or an allocation that agree with each other."""
    left_out = {"count", "family", "families"} if "addresses" in body else set()
    if "families" not in body or "families" in left_out:
        left_out.add("prefer")
    if isinstance(body.get("addresses"), list):
        address = lambda one: one.get("address") if isinstance(one, dict) else one
        held = {address(one): one for one in body["addresses"]}
        has_ptr = body.get("ptr") is not False
        body = {**body, "addresses": [shared(one, has_ptr) if isinstance(one, dict) else one for one in held.values()]}
    return {field: value for field, value in body.items() if field not in left_out}


def shared(address, has_ptr):
    """An address with one way to share it. Only a host with PTRs may say which address has one."""
    left_out = {"sharingKey"} if address.get("shared") is True else set()
    if not has_ptr:
        left_out.add("ptrFor")
    return {field: value for field, value in address.items() if field not in left_out}
