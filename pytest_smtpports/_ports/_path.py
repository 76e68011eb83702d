"""The arguments of MAIL and RCPT: a path (RFC 5321 §4.1.2) and ESMTP parameters (§4.1.2, and each extension's RFC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ._command import folded
from ._situations import Refused, Situation

if TYPE_CHECKING:
    from collections.abc import Mapping

# Whoever reads a command line has made sure that it holds no control character and is UTF-8.
_ATOMS = r'[^ <>()\[\]\\,;:@"]+'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LABEL = r'[^ <>()\[\]\\,;:@".]+'
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[^ <>\[\]\\]+\])"
# As lenient as real clients need it: a source route is read and ignored (RFC 5321 §F.2), a domain may be absent (RFC
# 5321 §4.1.1.3 has <Postmaster>; <root> is common), a blank may come behind the colon.
_ARGUMENT = re.compile(
    rf" *<(?:(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?(?P<mailbox>(?:{_QUOTED}|{_ATOMS})(?:@{_DOMAIN})?))?>"
    r"(?: +(?P<parameters>.*))?"
)
# RFC 3461 §4
_XTEXT = r"(?:[!-*,-<>-~]|(?-i:\+[0-9A-F]{2}))"


class _Value(NamedTuple):
    """What a parameter may say, and the EHLO keyword that promises to understand it."""

    extension: str
    pattern: str | None


_PARAMETERS: Mapping[str, Mapping[str, tuple[_Value, ...]]] = {
    "MAIL": {
        # RFC 1870 §6: at most 20 digits
        "SIZE": (_Value("SIZE", "[0-9]{1,20}"),),
        # RFC 6152 §2, RFC 3030 §3
        "BODY": (_Value("8BITMIME", "7BIT|8BITMIME"), _Value("BINARYMIME", "BINARYMIME")),
        # RFC 6531 §3.4
        "SMTPUTF8": (_Value("SMTPUTF8", None),),
        # RFC 4954 §5: taken from everybody, believed of nobody
        "AUTH": (_Value("AUTH", f"<>|{_XTEXT}+"),),
        # RFC 3461 §4.3, §4.4
        "RET": (_Value("DSN", "FULL|HDRS"),),
        "ENVID": (_Value("DSN", f"{_XTEXT}{{1,100}}"),),
        # draft-hall-prdr
        "PRDR": (_Value("PRDR", None),),
    },
    "RCPT": {
        # RFC 3461 §4.1, §4.2; RFC 6533 §3 for an original recipient beyond ASCII
        "NOTIFY": (_Value("DSN", "NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*"),),
        "ORCPT": (_Value("DSN", f"utf-8;[^ ]{{1,500}}|[!-:<-~]+;{_XTEXT}{{1,500}}"),),
    },
}
_PREFIX = {"MAIL": "FROM:", "RCPT": "TO:"}
_SYNTAX = {"MAIL": Situation.MAIL_SYNTAX, "RCPT": Situation.RCPT_SYNTAX}
_NO_ADDRESS = {"MAIL": Situation.SENDER_SYNTAX, "RCPT": Situation.RECIPIENT_SYNTAX}


@dataclass(frozen=True, slots=True)
class Path:
    """Whom a mail is from, or to.

    Attributes:
        address: a mailbox, empty for the null path.
        written: the parameters as they came.
        parameters: the same by keyword, in upper case; None where a parameter has no value.
    """

    address: str
    written: tuple[str, ...]
    parameters: Mapping[str, str | None]


# The same few addresses are in every mail.
@lru_cache(maxsize=1024)
def path(verb: str, argument: str, offered: frozenset[str]) -> Path:
    """Read the argument of MAIL or RCPT.

    Args:
        verb: "MAIL" or "RCPT".
        argument: what came behind it.
        offered: the EHLO keywords that this client has been told.

    Raises:
        Refused: it can't be read, or asks for what is not offered.
    """
    prefix = _PREFIX[verb]
    if folded(argument[: len(prefix)]) != prefix:
        raise Refused(_SYNTAX[verb])
    found = _ARGUMENT.fullmatch(argument, len(prefix))
    if found is None:
        raise Refused(_NO_ADDRESS[verb], argument=argument[len(prefix) :].strip())
    parameters = found["parameters"] or ""
    written = tuple(filter(None, parameters.split(" ")))
    try:
        return Path(found["mailbox"] or "", written, _read(verb, written, offered))
    except Refused as refused:
        before = argument[len(prefix) : len(argument) - len(parameters)].strip(" ")
        raise Refused(refused.situation, **refused.facts, path=before, parameters=parameters) from None


def _read(verb: str, written: tuple[str, ...], offered: frozenset[str]) -> Mapping[str, str | None]:
    read: dict[str, str | None] = {}
    for parameter in written:
        keyword, separator, value = parameter.partition("=")
        name = folded(keyword)
        _check(parameter, _PARAMETERS[verb].get(name, ()), value if separator else None, offered)
        if name in read:
            raise Refused(Situation.PARAMETER_INVALID, parameter=parameter, keyword=name)
        read[name] = value if separator else None
    return read


def _check(parameter: str, values: tuple[_Value, ...], value: str | None, offered: frozenset[str]) -> None:
    meant = [each.extension for each in values if _fits(each.pattern, value)]
    if offered.intersection(meant):
        return
    if meant or not offered.intersection(each.extension for each in values):
        raise Refused(Situation.PARAMETER_UNKNOWN, parameter=parameter)
    raise Refused(Situation.PARAMETER_INVALID, parameter=parameter, keyword=parameter.partition("=")[0])


def _fits(pattern: str | None, value: str | None) -> bool:
    if pattern is None or value is None:
        return pattern is value
    return re.fullmatch(pattern, value, re.IGNORECASE | re.ASCII) is not None
