"""What a port may have to say, as a closed set of situations, each with the reply that the RFCs give it.

A personality may have other words, and other codes, for a situation. Braces stand for what the session fills in.
"""

from __future__ import annotations

from enum import Enum, unique

from ._reply import Reply


@unique
class Situation(Enum):
    """Why a port replies; the value is the reply of the personality `rfc`."""

    def __init__(self, reply: Reply) -> None:
        assert reply.is_registered, f"RFC 5248 has no {reply.enhanced} with {reply.code}"

    # There is one of each: it need not be found by its name, which is looked up and hashed for every reply.
    __hash__ = object.__hash__

    # RFC 5321 §3.1
    TURNED_AWAY = Reply(503, "5.5.1", "This port takes no mail; only QUIT is left")
    # RFC 5321 §4.1.1.1, §4.1.4
    HELO = Reply(250, None, "{host}")
    HELLO_FIRST = Reply(503, "5.5.1", "Say {hello} first")
    # RFC 2034 §4: a reply to EHLO has no enhanced code.
    HELLO_SYNTAX = Reply(501, None, "Syntax: {verb} hostname")
    # RFC 3207 §4, §4.2
    STARTTLS_FIRST = Reply(530, "5.7.0", "Must issue a STARTTLS command first")
    TLS_ACTIVE = Reply(503, "5.5.1", "TLS is already active")
    TLS_NOT_OFFERED = Reply(502, "5.5.2", "STARTTLS is not offered here")
    # Some servers say so; for who says nothing else, what is pipelined behind STARTTLS is discarded.
    TLS_PIPELINED = Reply(454, "4.5.0", "No command is taken together with STARTTLS")
    TLS_READY = Reply(220, "2.0.0", "Ready to start TLS")
    # RFC 4954 §4, §6; RFC 6409 §4.3
    LOGIN_FIRST = Reply(530, "5.7.0", "Authentication required")
    AUTH_NOT_OFFERED = Reply(503, "5.5.1", "AUTH is not offered here")
    AUTH_TWICE = Reply(503, "5.5.1", "Already authenticated")
    AUTH_IN_TRANSACTION = Reply(503, "5.5.1", "AUTH is not permitted during a mail transaction")
    AUTH_SYNTAX = Reply(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]")
    AUTH_UNKNOWN = Reply(504, "5.5.4", "That mechanism is not offered here")
    AUTH_NO_INITIAL = Reply(501, "5.7.0", "This mechanism takes no initial response")
    AUTH_GO_AHEAD = Reply(334, None, "")
    AUTH_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
    AUTH_NO_BASE64 = Reply(501, "5.5.2", "That is not base64")
    AUTH_TOO_LONG = Reply(500, "5.5.6", "Authentication exchange line is too long")
    AUTH_FAILED = Reply(535, "5.7.8", "Authentication credentials invalid")
    AUTH_SUCCEEDED = Reply(235, "2.7.0", "Authentication successful")
    # RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.1.11; RFC 3463 §3.2
    SENDER_OK = Reply(250, "2.1.0", "Ok")
    RECIPIENT_OK = Reply(250, "2.1.5", "Ok")
    MAIL_SYNTAX = Reply(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
    RCPT_SYNTAX = Reply(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]")
    SENDER_SYNTAX = Reply(501, "5.1.7", "That is no address: {argument}")
    RECIPIENT_SYNTAX = Reply(501, "5.1.3", "That is no address: {argument}")
    PARAMETER_UNKNOWN = Reply(555, "5.5.4", "Parameter not recognized or not implemented: {parameter}")
    PARAMETER_INVALID = Reply(501, "5.5.4", "Parameter has no such value, or came twice: {parameter}")
    # RFC 6531 §3.5
    SENDER_NOT_ASCII = Reply(550, "5.6.7", "An address beyond ASCII needs SMTPUTF8")
    RECIPIENT_NOT_ASCII = Reply(553, "5.6.7", "An address beyond ASCII needs SMTPUTF8")
    # RFC 5321 §3.3, §4.1.4
    NESTED_MAIL = Reply(503, "5.5.1", "Nested MAIL command")
    MAIL_FIRST = Reply(503, "5.5.1", "MAIL comes before RCPT")
    NO_TRANSACTION = Reply(503, "5.5.1", "MAIL and RCPT come before {verb}")
    NO_RECIPIENTS = Reply(503, "5.5.1", "RCPT comes before {verb}: there is no valid recipient")
    # RFC 5321 §3.6.2, §7.9; §4.1.1.3: the null path is a sender's alone
    RELAY_REFUSED = Reply(550, "5.7.1", "Relaying denied: this port takes mail for its own domains only")
    NULL_RECIPIENT = Reply(501, "5.1.3", "The null path is no recipient")
    # RFC 5321 §4.1.1.4; RFC 1870 §6.3
    SEND_DATA = Reply(354, None, "End data with <CR><LF>.<CR><LF>")
    TAKEN = Reply(250, "2.0.0", "Ok: message taken")
    TOO_BIG = Reply(552, "5.3.4", "Message size exceeds the limit of this port")
    TEXT_LINE_TOO_LONG = Reply(500, "5.5.2", "A text line of the message is longer than {limit} octets")
    # RFC 3030 §2, §3
    CHUNK_TAKEN = Reply(250, "2.0.0", "{size} octets received")
    CHUNKS_TAKEN = Reply(250, "2.0.0", "Ok: message of {total} octets taken")
    CHUNK_SYNTAX = Reply(501, "5.5.4", "Syntax: BDAT size [LAST]")
    CHUNKS_BEGUN = Reply(503, "5.5.1", "{verb} can't follow BDAT in one transaction")
    CHUNKS_ONLY = Reply(503, "5.5.1", "A message with BODY=BINARYMIME is sent by BDAT")
    # RFC 2033 §4.2
    RECIPIENT_TAKEN = Reply(250, "2.1.5", "<{recipient}> Ok: message taken")
    # RFC 5321 §4.1.1.5 to §4.1.1.10, §3.5.3
    RESET = Reply(250, "2.0.0", "Ok: transaction forgotten")
    NOOP = Reply(250, "2.0.0", "Ok")
    CANNOT_VERIFY = Reply(252, "2.5.0", "Cannot VRFY user, but will take mail for it and try to deliver")
    VERIFY_SYNTAX = Reply(501, "5.5.4", "Syntax: VRFY address")
    HELP = Reply(214, "2.0.0", "{commands}")
    NO_ARGUMENT = Reply(501, "5.5.4", "{verb} takes no argument")
    GOODBYE = Reply(221, "2.0.0", "Bye")
    # RFC 1985, which only some servers offer
    QUEUE_REFUSED = Reply(459, "4.5.0", "<{argument}>: service unavailable")
    # RFC 5321 §4.2.4, §4.5.3.1.4, §2.3.8
    UNKNOWN_COMMAND = Reply(500, "5.5.2", "Command not recognized")
    NOT_IMPLEMENTED = Reply(502, "5.5.2", "Command not implemented")
    LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
    BARE_LF = Reply(500, "5.5.2", "A line ends with CRLF, not with LF alone")
    NOT_TEXT = Reply(500, "5.5.2", "A command is text in UTF-8 without control characters")
    # RFC 5321 §4.5.3.2.7, §4.2.1
    IDLE = Reply(421, "4.4.2", "Idle for too long, closing the connection")
    LOCAL_ERROR = Reply(451, "4.3.0", "Local error in processing")
    # The last words of servers that do close a connection on their own
    FORBIDDEN_COMMAND = Reply(221, "2.0.0", "Error: this is SMTP. Goodbye.")
    TOO_MANY_ERRORS = Reply(421, "4.3.0", "Too many errors, closing the connection")


class Refused(Exception):
    """A command can't be carried out.

    Attributes:
        situation: why.
        facts: what fills the braces of the reply.
    """

    def __init__(self, situation: Situation, **facts: object) -> None:
        super().__init__(situation, facts)
        self.situation = situation
        self.facts = facts
