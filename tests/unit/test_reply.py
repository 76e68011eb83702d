"""What a port says: the form of its replies (RFC 5321 §4.2, RFC 2034 §4)."""

from __future__ import annotations

import pytest

from pytest_smtpports._ports import _reply
from pytest_smtpports._ports._reply import Reply

REPLIES = {name: value for name, value in vars(_reply).items() if isinstance(value, Reply)}


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply(250, "2.0.0", "Ok"), "250 2.0.0 Ok"),
        (Reply(354, None, "End data"), "354 End data"),
        (Reply(334, None, ""), "334"),
    ],
)
def test_a_reply_is_written_as_one_line(reply: Reply, line: str) -> None:
    assert str(reply) == line


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_reply_is_printable_ascii_and_fits_in_a_reply_line(reply: Reply) -> None:
    line = str(reply)

    assert line.isascii()
    assert line.isprintable()
    assert len(line) + len("\r\n") <= 512  # RFC 5321 §4.5.3.1.5


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_the_enhanced_code_is_of_the_class_of_the_reply_code(reply: Reply) -> None:
    # RFC 2034 §4: no enhanced code behind 3yz, and the same first digit elsewhere.
    expected = None if reply.code // 100 == 3 else str(reply.code // 100)

    assert expected == (reply.enhanced and reply.enhanced.partition(".")[0])


@pytest.mark.parametrize(
    ("reply", "code", "enhanced"),
    [
        (_reply.STARTTLS_FIRST, 530, "5.7.0"),
        (_reply.LOGIN_FIRST, 530, "5.7.0"),
        (_reply.RELAY_REFUSED, 550, "5.7.1"),
        (_reply.AUTH_TWICE, 503, "5.5.1"),
        (_reply.AUTH_CANCELLED, 501, "5.7.0"),
        (_reply.AUTH_NO_BASE64, 501, "5.5.2"),
        (_reply.AUTH_TOO_LONG, 500, "5.5.6"),
        (_reply.TOO_BIG, 552, "5.3.4"),
        (_reply.TLS_READY, 220, "2.0.0"),
        (_reply.IDLE, 421, "4.4.2"),
        (_reply.GOODBYE, 221, "2.0.0"),
        (_reply.SEND_DATA, 354, None),
    ],
)
def test_a_reply_that_the_rfcs_fix_has_their_code(reply: Reply, code: int, enhanced: str | None) -> None:
    assert (reply.code, reply.enhanced) == (code, enhanced)
