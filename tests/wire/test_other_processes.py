"""Programs in other languages: curl and Node at blocked ports, and Node where routes lead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pytest_smtpports import Outcome, SMTPPorts
from pytest_smtpports._network import _children
from pytest_smtpports._network._names import is_meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.wire.conftest import Questioned

HOST = "smtp.example.com"
# What a Node program hears at a port, and what comes between.
HEAR = """
const client = require("net").connect(Number(process.argv[2]), process.argv[1]);
let said = "";
client.on("data", (data) => {
  if (!said) client.write("EHLO client.example.com\\r\\n");
  said += data;
});
client.on("error", (error) => (said += error.code));
client.on("close", () => console.log(said.split("\\r\\n").join("|")));
client.setTimeout(250, () => {
  said += client.connecting ? "no answer" : "silence";
  client.destroy();
});
"""
# A message over implicit TLS, with the certificate checked as Node does by itself.
SEND = """
const client = require("tls").connect({ host: process.argv[1], port: 465 });
const lines = ["EHLO client.example.com", "AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=", "MAIL FROM:<app@example.com>",
  "RCPT TO:<ada@example.org>", "DATA", "Subject: Welcome\\r\\n\\r\\nHello\\r\\n.", "QUIT"];
let said = "";
client.on("data", (data) => {
  said += data;
  const last = said.split("\\r\\n").at(-2) ?? "";
  if (said.endsWith("\\r\\n") && last[3] === " " && lines.length) client.write(lines.shift() + "\\r\\n");
});
client.on("error", (error) => console.log(error.code));
client.on("close", () => console.log(said.split("\\r\\n").at(-2)));
"""
# The answers to some look-ups, or their errors.
LOOK_UP = """
const dns = require("dns");
const calls = JSON.parse(process.argv[1]);
const told = (error, ...answer) => (error ? { code: error.code, syscall: error.syscall } : answer);
const by_callback = ([method, ...args]) => new Promise((done) => {
  dns[method](...args, (...answer) => done(told(...answer)));
});
const by_promise = ([method, ...args]) => dns.promises[method](...args).then((answer) => told(null, answer), told);
const asked = calls.flatMap((call) => [by_callback(call), by_promise(call)]);
Promise.all(asked).then((answers) => console.log(JSON.stringify(answers)));
"""
# What can be seen of the functions that a route replaces.
SHOW = """
const dns = require("dns");
const owners = [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype];
const shown = ({ name, length, ...others }) => [name, length, Object.keys(others)];
const own = (each) => [...shown(each), ...Object.getOwnPropertySymbols(each).map(String)];
const methods = (owner) => ["lookup", "resolve", "resolve4", "resolve6", "resolveMx"].filter((each) => owner[each]);
const all = owners.map((owner) => methods(owner).map((each) => own(owner[each])));
console.log(JSON.stringify([all, own(require("net").Socket.prototype.connect)]));
"""
# What Node says of calls that are in error; it says it before anything is looked up or dialled.
COMPLAIN = """
const dns = require("dns");
const net = require("net");
const name = "smtp.example.com";
const back = () => {};
const options = [5, "", "x", true, { family: 5 }, { family: "IPv5" }, { all: 1 }, { hints: "x" }];
const types = [null, 5, "", "toString", true, {}, ["A"]];
const unanswered = [[name], [name, null], [name, {}], [name, {}, null], [name, {}, {}, back], [name, "A", {}]];
const strangers = [5, true, {}, [name]].map((each) => [each, back]);
const places = [[], [[]], [[null]], [{}], [{ port: true }], [{ port: " " }], [{ port: 1.5 }],
  [{ port: 65536, host: name }], [{ port: [25], host: name }], [{ port: 25, host: name, localAddress: "x" }],
  [{ port: 2526, host: name, localPort: "x" }], [{ port: 25, host: "other.invalid", lookup: 5 }]];
const calls = [
  [dns, "lookup", [...strangers, ...unanswered, ...options.map((each) => [name, each, back])]],
  [dns.promises, "lookup", [...strangers, ...options.map((each) => [name, each]), [name, { family: "IPv6" }]]],
  ...[dns, new dns.Resolver()].flatMap((each) => [
    [each, "resolve", [...strangers, ...unanswered, ...[undefined, ...types].map((type) => [name, type, back])]],
    [each, "resolve4", [...strangers, ...unanswered, [name, back, undefined]]],
    [each, "resolveMx", [...strangers, ...unanswered]],
  ]),
  ...[dns.promises, new dns.promises.Resolver()].flatMap((each) => [
    [each, "resolve", [...strangers, ...[back, ...types].map((type) => [name, type])]],
    [each, "resolve4", [[undefined], [null], ...strangers]],
  ]),
  [new net.Socket(), "connect", places],
];
const said = calls.flatMap(([owner, method, all]) => all.map((args) => {
  try {
    owner[method](...args);
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
}));
console.log(JSON.stringify(said));
"""
# One socket that dials again whenever it has ended, and what it tells.
DIAL_AGAIN = """
const [host, port] = process.argv.slice(1);
const [client, said] = [new (require("net").Socket)(), []];
const dial = () => client.connect(port, host, () => said.push("connected"));
client.on("error", (error) => said.push([error.code, client.connecting, client.destroyed]));
client.on("close", (failed) => (said.push(failed), said.length < 6 ? dial() : console.log(JSON.stringify(said))));
dial();
said.push([client.connecting, client.pending].join());
"""
# A dial with a look-up of its own, which finds what a name or an address stands for.
LOOK_UP_ITSELF = """
const [host, port, found] = process.argv.slice(1);
const lookup = (_, options, answer) => require("dns").lookup(found, options, answer);
const client = require("net").connect({ host, port, lookup });
client.on("error", (error) => console.log(error.code));
client.on("data", (data) => (console.log(String(data).trim()), client.end()));
"""


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    before = dict(os.environ)
    yield
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**before, "PYTEST_CURRENT_TEST": ""}


def run(*command: str, ends_with: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # our own words
    assert (done.returncode, done.stderr) == (ends_with, "")
    return done.stdout.strip()


def node(program: str, *arguments: object) -> str:
    return run("node", "-e", program, "--", *map(str, arguments))


def curl(smtpports: SMTPPorts, number: int, seconds: float) -> int:
    scheme = "smtps" if number == 465 else "smtp"
    host, port = smtpports.ports[number].address
    command = ["curl", "--silent", "--max-time", str(seconds), "--ssl-reqd", "--cacert", smtpports.ca_file]
    command += ["--user", "user:password", "--mail-from", "app@example.com", "--mail-rcpt", "ada@example.org"]
    command += ["--upload-file", "-", f"{scheme}://{host}:{port}"]
    done = subprocess.run(command, input="Subject: Welcome\r\n\r\n", text=True, timeout=30, check=False)  # noqa: S603 # ours
    return done.returncode


# By address: what real sockets do


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("drop", "no answer"),
        ("refuse", "ECONNREFUSED"),
        ("reset", "ECONNRESET"),
        ("close", ""),
        ("silent", "silence"),
        ("banner", "554 5.7.1 Your network may not connect here|"),
        ("intercept", "220 relay.isp.example ESMTP ready|250-relay.isp.example|250-PIPELINING|"),
        ("http", "HTTP/1.1 400 Bad Request|Connection: close|"),
        ("stall", "220 localhost ESMTP ready|silence"),
        # Only the patch can do these, and here is none.
        ("net-unreachable", "ECONNREFUSED"),
        ("host-unreachable", "ECONNREFUSED"),
        ("prohibited", "ECONNREFUSED"),
    ],
)
def test_node_meets_each_kind_that_real_sockets_can_do(smtpports: SMTPPorts, how: str, heard: str) -> None:
    smtpports.block(587, how=how)

    said = node(HEAR, *smtpports.ports[587].address)
    assert said[: len(heard) or None] == heard


# curl's exit codes: 7 not connected, 8 no server of mail, 28 timed out, 35 no handshake, 56 nothing more to read,
# 60 not verified, 64 no TLS (man curl).
@pytest.mark.parametrize(
    ("how", "in_clear_first", "with_tls_first"),
    [
        ("drop", {28}, {28}),
        ("refuse", {7}, {7}),
        ("prohibited", {7}, {7}),
        ("reset", {56}, {35}),
        ("close", {8, 56}, {35}),
        ("silent", {28}, {28}),
        ("banner", {8}, {8}),
        ("intercept", {60}, {60}),
        ("strip-starttls", {64}, {0}),
        ("http", {8, 56}, {35}),
        ("stall", {28}, {28}),
        ("throttle", {0}, {0}),
    ],
)
def test_curl_meets_each_kind_that_real_sockets_can_do(
    smtpports: SMTPPorts, how: str, in_clear_first: set[int], with_tls_first: set[int]
) -> None:
    smtpports.block(587, 465, how=how)
    seconds = 0.5 if 28 in in_clear_first else 10

    assert curl(smtpports, 587, seconds) in in_clear_first
    assert curl(smtpports, 465, seconds) in with_tls_first


# By name: where routes lead Node


def test_node_sends_by_a_routed_name_with_the_certificate_checked(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)

    assert node(SEND, "SMTP.Example.com.") == "221 2.0.0 Bye"
    message = smtpports.assert_sent(port=465, tls=True, host=HOST)
    assert message.user == "user"
    assert node(HEAR, "localhost.invalid", 25) == "ENOTFOUND"


@pytest.mark.parametrize(
    ("how", "heard"),
    [
        ("drop", "no answer"),
        ("refuse", "ECONNREFUSED"),
        ("net-unreachable", "ENETUNREACH"),
        ("host-unreachable", "EHOSTUNREACH"),
        ("prohibited", "EACCES"),
        ("dns", "ENOTFOUND"),
    ],
)
def test_node_meets_the_blocks_of_a_routed_name_those_of_the_patch_among_them(
    smtpports: SMTPPorts, how: str, heard: str
) -> None:
    smtpports.route(HOST).block(25, how=how)

    assert node(HEAR, HOST, 25) == heard
    assert node(HEAR, HOST, 2525).startswith("220 smtp.example.com ESMTP ready|250-")
    assert node(HEAR, HOST, 2526) == "ECONNREFUSED"


ROUTED: list[tuple[list[Any], Any]] = [
    (["lookup", HOST], ["127.83.0.1", 4]),
    (["lookup", HOST, 6], ["::ffff:127.83.0.1", 6]),
    (["lookup", HOST, {"family": 6, "all": True}], [[{"address": "::ffff:127.83.0.1", "family": 6}]]),
    (["lookup", HOST, {"all": True}], [[{"address": "127.83.0.1", "family": 4}]]),
    (["lookup", "two.example.org"], {"code": "ENOTFOUND", "syscall": "getaddrinfo"}),
    (["resolve4", HOST], [["127.83.0.1"]]),
    (["resolve4", HOST, {"ttl": True}], [[{"address": "127.83.0.1", "ttl": 300}]]),
    (["resolve4", "two.example.org"], {"code": "ENOTFOUND", "syscall": "queryA"}),
    (["resolve6", HOST], {"code": "ENODATA", "syscall": "queryAaaa"}),
    (["resolve", HOST], [["127.83.0.1"]]),
    (["resolve", HOST, "A"], [["127.83.0.1"]]),
    (["resolve", HOST, "AAAA"], {"code": "ENODATA", "syscall": "queryAaaa"}),
    (["resolveMx", HOST], [[{"exchange": HOST, "priority": 10}]]),
    (
        ["resolve", "example.org", "MX"],
        [[{"exchange": "one.example.org", "priority": 10}, {"exchange": "two.example.org", "priority": 20}]],
    ),
]


@pytest.mark.parametrize(("call", "answer"), ROUTED, ids=[json.dumps(call) for call, _ in ROUTED])
def test_node_is_answered_by_each_of_its_look_ups(smtpports: SMTPPorts, call: list[Any], answer: Any) -> None:
    smtpports.route(HOST, "one.example.org")
    smtpports.route("two.example.org").block(25, 465, 587, 2525, how="dns")
    by_callback, by_promise = json.loads(node(LOOK_UP, json.dumps([call])))

    assert by_callback == answer
    # What two arguments tell a callback, one object tells a promise.
    is_pair = len(answer) == 2 and isinstance(answer, list)
    assert by_promise == ([dict(zip(("address", "family"), answer, strict=True))] if is_pair else answer)


def test_node_asks_the_world_for_what_is_not_routed(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    by_callback, by_promise, *numbers = json.loads(
        node(LOOK_UP, json.dumps([["lookup", "localhost", 4], ["lookup", "127.0.0.1"]]))
    )

    assert (by_callback, by_promise) == (["127.0.0.1", 4], [{"address": "127.0.0.1", "family": 4}])
    assert numbers == [["127.0.0.1", 4], [{"address": "127.0.0.1", "family": 4}]]


def test_an_address_that_was_looked_up_leads_where_its_name_does(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    program = f"""
        require("dns").resolve4("{HOST}", (_, [address]) => {{
          const client = require("net").connect({{ port: 25, host: "::ffff:" + address }}, () => client.end());
          client.on("data", (data) => console.log(String(data).trim()));
        }});
    """

    assert node(program) == "220 smtp.example.com ESMTP ready"


def test_promises_made_of_look_ups_hold_what_node_promises(smtpports: SMTPPorts) -> None:
    smtpports.route(HOST)
    program = f"""
        const lookup = require("util").promisify(require("dns").lookup);
        Promise.all([lookup("{HOST}"), lookup("{HOST}", {{ all: true }}), lookup("{HOST}", {{ family: "IPv6" }}),
          lookup("127.0.0.1")]).then((answers) => console.log(JSON.stringify(answers)));
    """

    assert json.loads(node(program)) == [
        {"address": "127.83.0.1", "family": 4},
        [{"address": "127.83.0.1", "family": 4}],
        {"address": "::ffff:127.83.0.1", "family": 6},
        {"address": "127.0.0.1", "family": 4},
    ]


def test_functions_that_a_route_replaces_look_as_they_did(smtpports: SMTPPorts) -> None:
    before = node(SHOW)
    smtpports.route(HOST)

    assert node(SHOW) == before


def test_a_pattern_leads_node_and_python_to_names_that_nobody_knew(smtpports: SMTPPorts) -> None:
    route = smtpports.route("*.example.org")
    smtpports.route("mx2.example.org").block(25, how="refuse")

    assert node(HEAR, "mx1.example.org", 25).startswith("220 example.org ESMTP ready|")
    assert node(HEAR, "mx2.example.org", 25) == "ECONNREFUSED"
    assert node(HEAR, "example.org.invalid", 25) == "ENOTFOUND"
    assert node(SEND, "mx3.example.org") == "221 2.0.0 Bye"
    assert route.messages.only.host == "*.example.org"


@pytest.mark.parametrize(
    "name", ["a.example.invalid", "a.b.c.example.invalid", "example.invalid", "an-example.invalid"]
)
def test_a_pattern_means_the_same_names_for_node_as_for_python(smtpports: SMTPPorts, name: str) -> None:
    smtpports.route("*.example.invalid")
    heard = node(HEAR, name.upper() + ".", 25)

    assert heard.startswith("220 ") is is_meant(name, "*.example.invalid")
    assert heard.startswith("220 ") or heard == "ENOTFOUND"


def test_a_node_process_that_lives_on_follows_every_change(smtpports: SMTPPorts, questioned: Questioned) -> None:
    route = smtpports.route(HOST)
    program = f"""
        process.stdin.on("data", () => {{
          const client = require("net").connect(25, "{HOST}");
          client.on("error", (error) => console.log(error.code));
          client.on("connect", () => (console.log("connected"), client.destroy()));
        }});
    """
    with questioned("node", "-e", program) as asked:
        assert asked() == "connected"
        with route.block(25, how="host-unreachable"):
            assert asked() == "EHOSTUNREACH"
        assert asked() == "connected"
        route.remove()
        assert asked() == "ENOTFOUND"


def test_node_follows_two_providers_the_later_of_those_that_share_a_name() -> None:
    with SMTPPorts() as one, SMTPPorts() as other:
        one.route("one.example.com", HOST)
        other.route(HOST)
        for host in ("one.example.com", HOST):
            assert node(HEAR, host, 25).startswith("220 ")

        assert [len(each.connections) for each in (one, other)] == [1, 1]
        assert one.connections[0].outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (f"require('net').connect({{ host: '{HOST}' }})", "ERR_MISSING_ARGS"),
        (f"require('net').connect({{ host: '{HOST}', port: 99999 }})", "ERR_SOCKET_BAD_PORT"),
        (f"require('dns').lookup('{HOST}')", "ERR_INVALID_ARG_TYPE"),
        (f"require('dns').resolve4('{HOST}')", "ERR_INVALID_ARG_TYPE"),
    ],
)
def test_node_complains_of_what_it_always_complains_of(smtpports: SMTPPorts, call: str, code: str) -> None:
    smtpports.route(HOST)

    assert node(f"try {{ {call} }} catch (error) {{ console.log(error.code) }}") == code


def test_node_complains_of_odd_arguments_in_its_own_words(smtpports: SMTPPorts) -> None:
    before = json.loads(node(COMPLAIN))
    route = smtpports.route(HOST)
    led = json.loads(node(COMPLAIN))
    route.block(25, 465, 587, 2525, how="dns")

    assert None not in before
    assert led == before
    assert json.loads(node(COMPLAIN)) == before


@pytest.mark.parametrize("port", ["587", "0587", " 587", "0x24b", "587.0", "5.87e2"])
def test_node_is_led_by_each_form_of_a_port_that_it_takes(smtpports: SMTPPorts, port: str) -> None:
    smtpports.route(HOST)
    program = f"""
        const client = require("net").connect({{ host: "{HOST}", port: "{port}" }}, () => client.end());
        client.on("data", (data) => console.log(String(data).trim()));
    """

    assert node(program) == "220 smtp.example.com ESMTP ready"


@pytest.mark.parametrize(
    ("how", "number", "code"),
    [
        ("host-unreachable", 25, "EHOSTUNREACH"),
        ("dns", 25, "ENOTFOUND"),
        ("refuse", 25, "ECONNREFUSED"),
        ("refuse", 2526, "ECONNREFUSED"),
    ],
)
def test_a_socket_of_nodes_that_is_dialled_again_fails_again(
    smtpports: SMTPPorts, how: str, number: int, code: str
) -> None:
    smtpports.route(HOST).block(25, how=how)

    failure = [[code, False, True], True]
    assert json.loads(node(DIAL_AGAIN, HOST, number)) == ["true,true", *failure, *failure, *failure]


@pytest.mark.parametrize(
    ("host", "port", "found", "heard"),
    [
        # A routed name leads here, and nobody looks it up.
        (HOST, 25, "localhost.invalid", "220 smtp.example.com ESMTP ready"),
        ("alias.invalid", 25, HOST, "220 smtp.example.com ESMTP ready"),
        ("alias.invalid", "0031", HOST, "ECONNREFUSED"),
        ("alias.invalid", 587, HOST, "EHOSTUNREACH"),
        ("alias.invalid", 25, "localhost.invalid", "ENOTFOUND"),
    ],
)
def test_a_look_up_of_the_callers_own_leads_where_its_answer_does(
    smtpports: SMTPPorts, host: str, port: object, found: str, heard: str
) -> None:
    smtpports.route(HOST).block(587, how="host-unreachable")

    assert node(LOOK_UP_ITSELF, host, port, found) == heard


def test_a_look_up_of_the_callers_own_leads_elsewhere_too(smtpports: SMTPPorts) -> None:
    address, port = smtpports.ports[25].address
    smtpports.route(HOST)

    assert node(LOOK_UP_ITSELF, "alias.invalid", port, address) == "220 localhost ESMTP ready"


@pytest.mark.parametrize(
    "program",
    [
        f"import('node:net').then(({{ connect }}) => hear(connect(25, '{HOST}')))",
        (
            f"const {{ Worker }} = require('worker_threads'); new Worker(`${{hear}}; "
            f"hear(require('net').connect('25', '{HOST}'))`, {{ eval: true }})"
        ),
        (
            "const { createServer, connect } = require('net'); const path = process.argv[1];"
            "const server = createServer((it) => it.end('220 smtp.example.com ESMTP ready'));"
            "server.listen(path, () => hear(connect(path).on('close', () => server.close())))"
        ),
    ],
    ids=["a module of ES", "a worker", "a local socket"],
)
def test_node_is_led_wherever_it_dials(smtpports: SMTPPorts, tmp_path: Path, program: str) -> None:
    smtpports.route(HOST)
    hear = "function hear(client) { client.on('data', (said) => { console.log(String(said).trim()); client.end() }) }\n"

    said = node(hear + program, os.path.relpath(tmp_path / "socket"))

    assert said.splitlines()[0] == f"220 {HOST} ESMTP ready"


def test_options_of_the_users_own_hold_for_node_too(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A path with what has to be quoted.
    installed = tmp_path / 'a "b" \\ c' / "_child.cjs"
    installed.parent.mkdir()
    shutil.copy(_children._NODE, installed)
    monkeypatch.setattr(_children, "_NODE", installed)
    (tmp_path / "own.cjs").write_text('console.log("own")')
    monkeypatch.setenv("NODE_OPTIONS", f"--require {tmp_path}/own.cjs")
    with smtpports.route(HOST):
        assert node(HEAR, HOST, 25).startswith("own\n220 smtp.example.com")

    assert os.environ["NODE_OPTIONS"] == f"--require {tmp_path}/own.cjs"


def test_a_node_that_cannot_read_the_routes_says_so_and_goes_on(
    smtpports: SMTPPorts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with smtpports.route(HOST), monkeypatch.context() as patch:
        patch.setenv("SMTPPORTS_ROUTES", str(tmp_path))
        done = subprocess.run(["node", "-p", "1 + 1"], capture_output=True, text=True, timeout=60, check=True)  # noqa: S607 # ours

    assert done.stdout == "2\n"
    assert done.stderr.startswith(f"pytest-smtpports: routes do not hold in this process: {tmp_path}: Error: EISDIR")
    assert done.stderr.count("\n") == 1


def test_a_node_that_is_not_permitted_to_read_the_routes_says_so_and_goes_on(smtpports: SMTPPorts) -> None:
    is_known = "(each) => process.allowedNodeEnvironmentFlags.has(each)"
    # Node 18 has none of them.
    flag = node(f"console.log(['--permission', '--experimental-permission'].find({is_known}) ?? '')")
    allowed = [flag, f"--allow-fs-read={_children._NODE}"] if flag else []
    smtpports.route(HOST)

    command = ["node", *allowed, "-p", "1 + 1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 # our own words
    assert done.stdout == "2\n"
    assert ("pytest-smtpports: routes do not hold in this process: " in done.stderr) is bool(flag)
