"""Guesses at what a test meant by a criterion that was not met. Pure functions; their length is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._criteria import ADDRESSES, CONTAINED, Verdict, is_header_met, meets, same_address, several
from ._hypertext import read_html
from ._shown import LONGEST_VALUE, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._message import Message

# Characters that have to be there before it is said how far a text is there, and those that are shown of the rest.
_ENOUGH = 10
_SHOWN_OF_REST = 40


def likely_mistake(verdict: Verdict, message: Message) -> str | None:
    """The likeliest mistake, in a few words, or None where nothing comes to mind."""
    if verdict.name == "header":
        return _header(verdict)
    if isinstance(verdict.wanted, list):
        return _of_list(verdict.wanted, verdict, message)
    guesses = (guess(verdict, message) for kind, guess in _GUESSES if isinstance(verdict.wanted, kind))
    return next(filter(None, guesses), None)


def _of_list(wanted: list[object], verdict: Verdict, message: Message) -> str | None:
    if not isinstance(verdict.came, tuple) and verdict.name not in CONTAINED:
        return "a list means each of them, and there is one alone; for any of them give a function"
    missing = next(each for each in wanted if not meets(verdict.name, each, verdict.came))
    why = likely_mistake(Verdict(verdict.name, missing, verdict.came, met=False), message)
    return f"{shown(missing)} is missing" + (f": {why}" if why else "")


def _header(verdict: Verdict) -> str | None:
    wanted: Mapping[str, object] = verdict.wanted  # type: ignore[assignment] # as Criteria has checked
    came: Mapping[str, tuple[str, ...]] = verdict.came  # type: ignore[assignment] # the same names
    name = next(name for name, value in wanted.items() if not is_header_met(value, came[name]))
    if not came[name]:
        return f"there is no header {shown(name)}"
    if _in_any_case(wanted[name], came[name]):
        return f"{shown(name)}: the letter case differs"
    return None


def _in_any_case(wanted: object, came: tuple[object, ...]) -> bool:
    return str(wanted).lower() in {each.lower() for each in came if isinstance(each, str)}


def _no_text(verdict: Verdict, _: Message) -> str | None:
    return f"what came is text: give a string, not {shown(verdict.wanted)}" if isinstance(verdict.came, str) else None


def _tuple(verdict: Verdict, _: Message) -> str | None:
    if not isinstance(verdict.came, tuple):
        return None
    return "a tuple means these and no others, in order; a list means each of them"


def _letter_case(verdict: Verdict, _: Message) -> str | None:
    wanted, came = str(verdict.wanted), verdict.came
    if verdict.name in CONTAINED:
        return "it is there in another letter case" if wanted.lower() in str(came).lower() else None
    return "the letter case differs" if _in_any_case(wanted, several(came)) else None


def _version(verdict: Verdict, message: Message) -> str | None:
    if verdict.name != "tls" or message.tls is None:
        return None
    came, wanted = message.tls.version, str(verdict.wanted)
    alike = came.lower().replace("v", "") == wanted.lower().replace("v", "").replace(" ", "")
    return f"it is written {came!r}" if alike else None


def _named(verdict: Verdict, _message: Message) -> str | None:
    """An address with a name beside it."""
    _, angle, rest = str(verdict.wanted).rpartition("<")
    plain = rest.rstrip("> ")
    if angle and verdict.name in ADDRESSES and meets(verdict.name, plain, verdict.came):
        return f"an address is without its name here: {shown(plain)}"
    return None


def _blind(verdict: Verdict, message: Message) -> str | None:
    blind = any(same_address(verdict.wanted, address) for address in message.bcc)
    if verdict.name in ("to", "cc") and blind:
        return "it got the message as Bcc: the envelope names it, no header does"
    return None


def _elsewhere(verdict: Verdict, message: Message) -> str | None:
    wanted = str(verdict.wanted)
    if verdict.name == "text" and wanted in message.html:
        return "it is in the HTML part only"
    if verdict.name == "html" and wanted in message.text:
        return "it is in the text part only"
    return None


def _blanks(verdict: Verdict, _: Message) -> str | None:
    """Words that are wrapped elsewhere, or a blank too many."""
    wanted = _words(verdict.wanted)
    if verdict.name in CONTAINED and wanted and wanted in _words(verdict.came):
        return "it is there with other blanks, or other line ends"
    if isinstance(verdict.came, str) and wanted == _words(verdict.came):
        return "the blanks differ"
    return None


def _words(text: object) -> str:
    return " ".join(str(text).split())


def _marked_up(verdict: Verdict, message: Message) -> str | None:
    wanted = _words(verdict.wanted)
    if verdict.name in ("html", "body") and wanted and wanted in _words(read_html(message.html).text):
        return "a reader sees it, but the HTML has tags or entities within it"
    return None


def _part(verdict: Verdict, _: Message) -> str | None:
    wanted, came = str(verdict.wanted), verdict.came
    if verdict.name in CONTAINED or not isinstance(came, str) or not wanted or wanted not in came:
        return None
    return "a string is the whole of it; for a part give re.compile(...)"


def _so_far(verdict: Verdict, _: Message) -> str | None:
    """How far a text is there, where its beginning is, or where two long lines part."""
    wanted, came = str(verdict.wanted), verdict.came
    if not isinstance(came, str):
        return None
    if verdict.name in CONTAINED:
        length, begins, enough = *_longest_beginning(wanted, came), _ENOUGH
    else:
        length, begins, enough = _common(wanted, came), 0, LONGEST_VALUE - 1
    # What is shown whole can be seen.
    if length < enough or max(len(wanted), len(came)) < LONGEST_VALUE:
        return None
    goes_on, came_then = (text[:_SHOWN_OF_REST] for text in (wanted[length:], came[begins + length :]))
    return f"its first {length} characters are there; then {shown(goes_on)} is wanted, and {shown(came_then)} came"


def _common(one: str, other: str) -> int:
    """With how many equal characters two texts begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _longest_beginning(wanted: str, came: str) -> tuple[int, int]:
    """How many characters of the wanted text are there in one piece, and where."""
    there, missing = 0, len(wanted)
    while missing - there > 1:
        middle = (there + missing) // 2
        there, missing = (middle, missing) if wanted[:middle] in came else (there, middle)
    return there, came.find(wanted[:there])


# The first that has something to say is told.
_GUESSES: tuple[tuple[type | tuple[type, ...], Callable[[Verdict, Message], str | None]], ...] = (
    ((bytes, int, float), _no_text),
    (tuple, _tuple),
    (str, _letter_case),
    (str, _version),
    (str, _named),
    (str, _blind),
    (str, _elsewhere),
    (str, _blanks),
    (str, _marked_up),
    (str, _part),
    (str, _so_far),
)
