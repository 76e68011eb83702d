"""What a port may say: one reply, and the codes that go together. Which reply fits when is not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import ConfigurationError, is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

__tracebackhide__ = is_ours

_CODES = range(200, 600)
# RFC 3463 §2: class, subject, detail.
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_WRITTEN = re.compile(r"(\d{3})(?: (\d\.\d{1,3}\.\d{1,3})(?= |$))?(?: (.*))?", re.ASCII | re.DOTALL)


# RFC 5248 §2.4, as the registry "SMTP Enhanced Status Codes" has it since: subject and detail, and the codes that they
# are given with, if the registry says.
_ASSOCIATED: Mapping[str, frozenset[int]] = {
    key: frozenset(map(int, codes))
    for key, *codes in map(
        str.split,
        """\
        0.0
        1.0
        1.1 451 550
        1.2
        1.3 501
        1.4
        1.5 250
        1.6
        1.7
        1.8 451 501
        1.9
        1.10 556
        2.0
        2.1
        2.2 552
        2.3 552
        2.4 450 452
        3.0 221 250 421 451 550 554
        3.1 452
        3.2 453 521
        3.3
        3.4 552 554
        3.5
        3.6 250 251
        4.0
        4.1 451
        4.2 421
        4.3 451 550
        4.4
        4.5 451
        4.6
        4.7
        5.0 220 250 251 252 253 451 452 454 458 459 501 502 503 554
        5.1 430 500 501 503 530 550 554 555
        5.2 500 501 502 550 555
        5.3 451
        5.4 451 501 502 503 504 550 555
        5.5
        5.6 500
        6.0
        6.1
        6.2
        6.3 554
        6.4 250
        6.5
        6.6 554
        6.7 550 553
        6.8 252 550 553
        6.9 550
        6.10
        7.0 220 235 450 454 500 501 503 504 530 535 550
        7.1 451 454 502 503 533 550 551
        7.2 550
        7.3
        7.4 504
        7.5
        7.6
        7.7
        7.8 535 554
        7.9 534
        7.10 523
        7.11 524 538
        7.12 422 432
        7.13 525
        7.14 535 554
        7.15 450 550
        7.16 552
        7.17
        7.18
        7.19
        7.20 550
        7.21 550
        7.22 550
        7.23 550
        7.24 451 550
        7.25 550
        7.26 550
        7.27 550
        7.28
        7.29
        7.30 550
        """.strip().splitlines(),
    )
}


@dataclass(frozen=True, slots=True)
class Reply:
    r"""A reply: a code, perhaps an enhanced code, and a text.

    Attributes:
        code: three digits, 200 to 599 (RFC 5321 §4.2).
        enhanced: such as "4.7.1", of the class of the code (RFC 2034 §4, RFC 3463), or None. It is left out on the
            wire where a port does not advertise ENHANCEDSTATUSCODES.
        text: what a person reads; each `\n` begins another line of the reply.

    Raises:
        ConfigurationError: the codes contradict each other, or the text is not printable.

    Example:
        >>> from pytest_smtpports import Reply
        >>> Reply.parse("450 4.7.1 Greylisted")
        Reply(code=450, enhanced='4.7.1', text='Greylisted')
        >>> Reply(250, None, "mail.example.com\nHELP").lines()
        ('250-mail.example.com', '250 HELP')
    """

    __module__ = "pytest_smtpports"

    code: int
    enhanced: str | None
    text: str

    def __post_init__(self) -> None:
        if not _is_code(self.code):
            raise ConfigurationError(f"A reply code is a number from 200 to 599, not {self.code!r}.")
        if not _is_enhanced(self.enhanced):
            raise ConfigurationError(
                f"An enhanced code is class.subject.detail, such as '4.7.1', not {self.enhanced!r}."
            )
        if self.enhanced is not None and self.enhanced[0] != str(self.code)[0]:
            raise ConfigurationError(
                f"The enhanced code {self.enhanced} is not of the class of {self.code}: it has to begin with "
                f"{str(self.code)[0]} (RFC 2034 §4)."
            )
        if not _is_text(self.text):
            raise ConfigurationError(f"A reply is printable text, with \\n between its lines, not {self.text!r}.")

    @classmethod
    def parse(cls, written: str) -> Reply:
        r"""The reply that is written as "450 4.7.1 Greylisted", "250 Ok" or, with several lines, "250 one\ntwo".

        Raises:
            ConfigurationError: it has no such form.
        """
        parts = _WRITTEN.fullmatch(written)
        if parts is None:
            raise ConfigurationError(
                f"A reply is written as a code, perhaps an enhanced code, and a text, such as '450 4.7.1 Greylisted', "
                f"not {written!r}."
            )
        return cls(int(parts[1]), parts[2], parts[3] or "")

    @property
    def is_registered(self) -> bool:
        """Whether the registry of RFC 5248 knows the enhanced code with this code; many real servers don't care."""
        if self.enhanced is None:
            return True
        codes = _ASSOCIATED.get(self.enhanced.partition(".")[2])
        return codes is not None and (not codes or self.code in codes)

    def lines(self, *, enhanced: bool = True) -> tuple[str, ...]:
        """What goes over the wire, line by line (RFC 5321 §4.2.1): the same code on each, a blank in the last."""
        code = f"{self.enhanced} " if enhanced and self.enhanced else ""
        *others, last = self.text.split("\n")
        return (*(f"{self.code}-{code}{line}" for line in others), f"{self.code} {code}{last}")

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _is_code(value: object) -> bool:
    return isinstance(value, int) and value in _CODES


def _is_enhanced(value: object) -> bool:
    return value is None or (isinstance(value, str) and _ENHANCED.fullmatch(value) is not None)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and all(line.isprintable() for line in value.split("\n"))
