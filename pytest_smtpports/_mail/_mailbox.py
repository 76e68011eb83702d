"""The messages of a test as one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from .._errors import is_ours
from ._criteria import Criteria
from ._explain import explain_only
from ._lint import findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._lint import Finding
    from ._message import Message

__tracebackhide__ = is_ours


class Mailbox(Sequence["Message"]):
    """Messages in order of arrival; a snapshot that does not change.

    Example:
        >>> from pytest_smtpports import SMTPPorts
        >>> with SMTPPorts() as smtpports:
        ...     len(smtpports.messages)
        0
    """

    __module__ = "pytest_smtpports"
    __slots__ = ("_messages",)

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._messages = tuple(messages)

    @overload
    def __getitem__(self, index: int) -> Message: ...

    @overload
    def __getitem__(self, index: slice) -> Mailbox: ...

    def __getitem__(self, index: int | slice) -> Message | Mailbox:
        if isinstance(index, slice):
            return Mailbox(self._messages[index])
        return self._messages[index]

    def __len__(self) -> int:
        return len(self._messages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mailbox) and self._messages == other._messages

    def __hash__(self) -> int:
        return hash(self._messages)

    def __repr__(self) -> str:
        return f"<Mailbox of {len(self)}: {', '.join(map(repr, self._messages[:3]))}{', …' * (len(self) > 3)}>"

    def matching(self, **criteria: object) -> Mailbox:
        """The messages that meet every criterion; nothing is consumed.

        Raises:
            UnknownCriterion: a keyword that is not a criterion.

        Example:
            >>> from pytest_smtpports import Mailbox
            >>> len(Mailbox().matching(to="ada@example.org"))
            0
        """
        wanted = Criteria(criteria)
        return Mailbox(message for message in self._messages if wanted.match(message))

    @property
    def only(self) -> Message:
        """The single message.

        Raises:
            AssertionError: there is none, or more than one; the text says what there is.
        """
        __tracebackhide__ = True
        if len(self._messages) != 1:
            raise AssertionError(explain_only(self._messages))
        return self._messages[0]

    def check(self, *, ignore: str | Iterable[str] = ()) -> tuple[Finding, ...]:
        """What is wrong with the messages, by the RFCs and by those who receive mail; empty where nothing is.

        Args:
            ignore: the name of a rule, or several, to leave out.

        Raises:
            UnknownName: `ignore` names what is not a rule.

        Example:
            >>> from email.message import EmailMessage
            >>> from pytest_smtpports import SMTPPorts
            >>> mail = EmailMessage()
            >>> mail["From"], mail["To"], mail["Bcc"] = "app@example.com", "ada@example.org", "eve@example.net"
            >>> with SMTPPorts() as smtpports:
            ...     with smtpports.ports[25].connect() as client:
            ...         _ = client.sendmail("app@example.com", "ada@example.org", mail.as_string())
            ...     for finding in smtpports.messages.check(ignore=("missing-date", "missing-message-id")):
            ...         print(finding.rule, "-", finding.what)
            bcc-header - a Bcc header tells every recipient of 'eve@example.net'
        """
        return findings(self._messages, ignore)
