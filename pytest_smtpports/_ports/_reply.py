"""What a port says: replies, and the ones that the RFCs fix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of one line: a code (RFC 5321 §4.2), perhaps an enhanced code (RFC 3463), a text."""

    code: int
    enhanced: str | None
    text: str

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


# RFC 3207 §4
STARTTLS_FIRST = Reply(530, "5.7.0", "Must issue a STARTTLS command first")
# RFC 3207 §4, §4.2: STARTTLS where TLS is already active
TLS_ACTIVE = Reply(503, "5.5.1", "TLS is already active")
TLS_NOT_OFFERED = Reply(502, "5.5.1", "STARTTLS is not offered here")
TLS_READY = Reply(220, "2.0.0", "Ready to start TLS")
# RFC 6409 §4.3
LOGIN_FIRST = Reply(530, "5.7.0", "Authentication required")
# RFC 4954 §4
AUTH_NOT_OFFERED = Reply(503, "5.5.1", "AUTH is not offered here")
AUTH_TWICE = Reply(503, "5.5.1", "Already authenticated")
AUTH_IN_TRANSACTION = Reply(503, "5.5.1", "AUTH is not permitted during a mail transaction")
AUTH_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
AUTH_NO_BASE64 = Reply(501, "5.5.2", "That is not base64")
AUTH_TOO_LONG = Reply(500, "5.5.6", "Authentication exchange line is too long")
# RFC 5321 §4.1.4: EHLO or HELO comes before mail
HELLO_FIRST = Reply(503, "5.5.1", "Say EHLO or HELO first")
# RFC 5321 §3.6.2, §7.9
RELAY_REFUSED = Reply(550, "5.7.1", "Relaying denied: this port takes mail for its own domains only")
# RFC 5321 §4.1.1.3: the null path is a sender's alone
NO_RECIPIENT = Reply(501, "5.1.3", "The null path is no recipient")
# RFC 5321 §4.3.2
NO_TRANSACTION = Reply(503, "5.5.1", "MAIL and RCPT come before DATA")
NO_ARGUMENT = Reply(501, "5.5.4", "This command takes no argument")
SEND_DATA = Reply(354, None, "End data with <CR><LF>.<CR><LF>")
TAKEN = Reply(250, "2.0.0", "Ok: message taken")
# RFC 1870 §6.3
TOO_BIG = Reply(552, "5.3.4", "Message size exceeds the limit of this port")
# RFC 5321 §4.2.4, §4.5.3.1.4, §2.3.8
UNKNOWN_COMMAND = Reply(500, "5.5.2", "Command not recognized")
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
BARE_LF = Reply(500, "5.5.2", "A line ends with CRLF, not with LF alone")
NOT_TEXT = Reply(500, "5.5.2", "A command is text in UTF-8 without control characters")
# RFC 5321 §4.1.1.10, §4.5.3.2.7, §4.2.1
GOODBYE = Reply(221, "2.0.0", "Bye")
IDLE = Reply(421, "4.4.2", "Idle for too long, closing the connection")
LOCAL_ERROR = Reply(451, "4.3.0", "Local error in processing")
