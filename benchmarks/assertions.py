"""What `assert_sent` takes over very many messages that nobody has looked at yet, and whether that grows linearly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_smtpports import SMTPPorts

from ._client import Client
from ._measure import Goal, Kind, Run, compare

if TYPE_CHECKING:
    from collections.abc import Mapping

MANY, FEW = 10_000, 1_000
ROUNDS = 3
# Every message meets the first of these criteria, so that the second is read from every message too.
HEADERS = {"to": "team@example.org", "subject": "Order 500 is on its way"}

_MAIL = """\
Received: from app-{number:05}.internal (app-{number:05}.internal [10.20.30.40])
\tby relay.example.com (Postfix) with ESMTPS id {number:010X}
\tfor <customer{number}@example.org>; Tue, 04 Mar 2025 10:15:30 +0000 (UTC)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=mail;
\th=from:to:subject:date:message-id:mime-version:content-type;
\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR0bRnZ1m2Yx4o
Message-ID: <20250304101530.{number}@mail.example.com>
Date: Tue, 04 Mar 2025 10:15:30 +0000
From: "Example Shop" <shop@example.com>
To: The team <team@example.org>
Reply-To: support@example.com
Subject: Order {number} is on its way
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable
List-Unsubscribe: <https://example.com/unsubscribe/{number}>
X-Mailer: Example Shop 4.2
X-Campaign: shipping

Dear customer,

your order number {number} has left our warehouse today, and the parcel =E2=80=93 w=
ith everything that you ordered in it =E2=80=93 will be with you in two days.

"""
_MAIL += "You can follow it on its way from our page, or ask us; we are glad to help.\n" * 10


def _asserting(messages: int, criteria: Mapping[str, object], *, fails: bool = False) -> Run:
    def run() -> float:
        with SMTPPorts() as smtpports:
            _send(smtpports, messages)
            started = time.perf_counter()
            try:
                smtpports.assert_sent(**criteria)
                failed = False
            except AssertionError:
                failed = True
            taken = time.perf_counter() - started
        assert failed is fails
        return taken

    return run


def _send(smtpports: SMTPPorts, messages: int) -> None:
    mail = _MAIL.replace("\n", "\r\n")
    with Client(smtpports.ports[25].port) as client:
        for number in range(messages):
            client.deliver(mail.format(number=number).encode(), f"customer{number}@example.org")


def _measure(what: str, seconds: float, criteria: Mapping[str, object], *, fails: bool = False) -> None:
    few = _asserting(FEW, criteria, fails=fails)
    peer = f"{MANY // FEW} times that over {FEW}"
    compare(
        f"{what}, over {MANY} messages",
        "s",
        _asserting(MANY, criteria, fails=fails),
        {peer: lambda: few() * MANY / FEW},
        Goal(peer, seconds, Kind.MOST),
        rounds=ROUNDS,
    )


if __name__ == "__main__":
    _measure("assert_sent by envelope", 0.2, {"recipients": "customer500@example.org"})
    _measure("assert_sent by two headers", 0.2, HEADERS)
    _measure("assert_sent by body", 10, {"text": "your order number 500 has left"})
    _measure("a failing assert_sent explained", 2, {**HEADERS, "subject": "Order"}, fails=True)
