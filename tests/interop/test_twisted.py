"""Twisted's SMTP client, unchanged: its reactor may have been there before the route, or come after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

EARLY = "from twisted.internet import reactor\n"
LATE = "from twisted.internet import reactor\n"
ROUTE = """
from io import BytesIO
from pytest_smtpports import SMTPPorts
smtpports = SMTPPorts()
smtpports.route("smtp.example.com")
"""
SEND = """
from twisted.internet import defer, endpoints, ssl
from twisted.mail.smtp import ESMTPSenderFactory

done = defer.Deferred()
number = {number}
message = BytesIO(b"Subject: Welcome\\r\\n\\r\\nHello Ada\\r\\n")
factory = ESMTPSenderFactory(
    None if number == 25 else b"user", None if number == 25 else b"password",
    "app@example.com", ["ada@example.org"], message, done,
    retries=0, timeout=10, requireAuthentication=number != 25, requireTransportSecurity=number == 587,
    contextFactory=ssl.optionsForClientTLS("smtp.example.com") if number == 587 else None, hostname="smtp.example.com",
)
{connect}
done.addCallbacks(lambda _: print("sent"), lambda failure: print(failure.type.__name__, failure.value))
done.addBoth(lambda _: reactor.callLater(0, reactor.stop))
reactor.callLater(20, reactor.stop)
reactor.run()
print([(each.host, each.tls is not None) for each in smtpports.messages], smtpports.connections[0].outcome.value)
smtpports.close()
"""
CONNECTS = {
    "connectTCP": 'reactor.connectTCP("smtp.example.com", number, factory)',
    "HostnameEndpoint": """
endpoint = endpoints.HostnameEndpoint(reactor, "smtp.example.com", number)
if number == 465:
    endpoint = endpoints.wrapClientTLS(ssl.optionsForClientTLS("smtp.example.com"), endpoint)
endpoint.connect(factory).addErrback(done.errback)
""",
}


@pytest.mark.parametrize("order", ["early", "late"])
@pytest.mark.parametrize(
    ("connect", "number"),
    [
        ("connectTCP", 25),
        ("connectTCP", 587),
        ("HostnameEndpoint", 25),
        ("HostnameEndpoint", 465),
        ("HostnameEndpoint", 587),
    ],
)
def test_a_factory_sends_by_a_routed_name(run: Callable[[str], str], order: str, connect: str, number: int) -> None:
    program = EARLY + ROUTE if order == "early" else ROUTE + LATE

    said = run(program + SEND.format(number=number, connect=CONNECTS[connect]))

    assert said == f"sent\n[('smtp.example.com', {number != 25})] delivered"


def test_a_refused_port_is_twisteds_own_error(run: Callable[[str], str]) -> None:
    program = EARLY + ROUTE + "smtpports.block(25, how='refuse')\n"

    said = run(program + SEND.format(number=25, connect=CONNECTS["HostnameEndpoint"]))

    assert said.startswith("ConnectionRefusedError Connection was refused by other side")
    assert said.endswith("[] blocked")
