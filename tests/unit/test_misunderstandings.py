"""What a client took a port for that it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_smtpports import KINDRED, PROFILES, Profile, TLSMode
from pytest_smtpports._ports._misunderstandings import tls_in_clear

ON_465 = "(implicit TLS is on 465)"


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (PROFILES[25], "port 25 speaks in clear, and has no TLS"),
        (replace(PROFILES[25], tls=TLSMode.STARTTLS), "port 25 begins in clear and offers STARTTLS"),
        (PROFILES[587], f"port 587 begins in clear and offers STARTTLS {ON_465}"),
        (PROFILES[2525], f"port 2525 begins in clear and offers STARTTLS {ON_465}"),
        (replace(PROFILES[2525], tls=TLSMode.NONE), f"port 2525 speaks in clear, and has no TLS {ON_465}"),
        (KINDRED[24], "port 24 speaks in clear, and has no TLS"),
        (PROFILES[465], "TLS was on already"),
    ],
    ids=lambda value: str(value.number) if isinstance(value, Profile) else "",
)
def test_tls_unasked_is_told_with_how_the_port_begins(profile: Profile, told: str) -> None:
    assert tls_in_clear(profile, at_once=True) == f"the client began TLS at once; {told}"
    assert tls_in_clear(profile, at_once=False) == f"the client began TLS unasked; {told}"
