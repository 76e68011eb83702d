"""What every error says, keeps, and carries through pickling."""

from __future__ import annotations

import copy
import pickle

import pytest

from pytest_smtpports import (
    BlockingWaitError,
    ClosedError,
    ConfigurationError,
    Location,
    NotAttached,
    OutboundConnectionError,
    ServerError,
    SMTPPortsError,
    UnknownCriterion,
    UnknownName,
    UnknownPort,
)
from pytest_smtpports._errors import did_you_mean, is_ours

NUMBERS = (25, 465, 587, 2525)

ERRORS = [
    pytest.param(SMTPPortsError("something"), "something", id="the base"),
    pytest.param(
        UnknownPort(588, NUMBERS),
        "588 is not an emulated port; did you mean 587? The emulated ports are 25, 465, 587, 2525.",
        id="a port with a near one",
    ),
    pytest.param(
        UnknownPort("http", NUMBERS),
        "'http' is not an emulated port. The emulated ports are 25, 465, 587, 2525.",
        id="a port without a near one",
    ),
    pytest.param(
        UnknownPort(43210, NUMBERS, 587),
        "43210 is the local port of 587; say 587, the emulated number.",
        id="a local port",
    ),
    pytest.param(
        UnknownName("block kind", "dorp", ("drop", "refuse")),
        "'dorp' is not a block kind; did you mean 'drop'? Valid: 'drop', 'refuse'.",
        id="a name with a near one",
    ),
    pytest.param(
        UnknownName("auth policy", "x", ("forbidden", None)),
        "'x' is not an auth policy. Valid: 'forbidden', None.",
        id="a name after a vowel",
    ),
    pytest.param(
        UnknownName("EHLO keyword", "x", ("HELP",)),
        "'x' is not an EHLO keyword. Valid: 'HELP'.",
        id="a name after a capital vowel",
    ),
    pytest.param(
        UnknownName("SASL mechanism", "x", ("PLAIN",)),
        "'x' is not a SASL mechanism. Valid: 'PLAIN'.",
        id="a name after a capital consonant",
    ),
    pytest.param(
        UnknownCriterion("subjct", ["subject", "text"]),
        "'subjct' is not a criterion; did you mean 'subject'? Valid: 'subject', 'text'.",
        id="a criterion with a near one",
    ),
    pytest.param(
        UnknownCriterion("zzz", ["subject", "text"]),
        "'zzz' is not a criterion. Valid: 'subject', 'text'.",
        id="a criterion without a near one",
    ),
    pytest.param(
        NotAttached("invoce.pdf", ["invoice.pdf", "logo.png"]),
        "'invoce.pdf' is not attached; did you mean 'invoice.pdf'? Attached: 'invoice.pdf', 'logo.png'.",
        id="an attachment",
    ),
    pytest.param(NotAttached("a.pdf", []), "'a.pdf' is not attached; nothing is.", id="no attachment"),
    pytest.param(ConfigurationError("That can't be meant."), "That can't be meant.", id="a configuration"),
    pytest.param(
        ClosedError(),
        "This SMTPPorts is closed: its ports answer only until its test, or its with block, ends.",
        id="closed",
    ),
    pytest.param(
        BlockingWaitError("wait_for", "wait_for_async"),
        "wait_for() waits, and would stop the event loop that is running here "
        "(and with it a client that sends from it); use `await smtpports.wait_for_async(...)`.",
        id="a blocking wait",
    ),
    pytest.param(ServerError("A hook raised."), "A hook raised.", id="the server"),
    pytest.param(
        OutboundConnectionError("smtp.example.com", 587, Location("app/mail.py", 12)),
        "smtp.example.com:587 was dialled from app/mail.py:12, an SMTP port of another machine, and refused: the guard "
        "lets no test send mail to the world. Lead the host here with smtpports.route('smtp.example.com'), or mark the "
        "test with @pytest.mark.smtpports(guard=False).",
        id="the guard",
    ),
]


@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_an_error_says_what_happened_and_what_to_do(error: SMTPPortsError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_an_error_survives_pickling(error: SMTPPortsError, text: str, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 # our own bytes

    assert type(again) is type(error)
    assert (str(again), repr(again), vars(again)) == (text, repr(error), vars(error))


@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_an_error_survives_copying(error: SMTPPortsError, text: str) -> None:
    again = copy.copy(error)

    assert (type(again), str(again), vars(again)) == (type(error), text, vars(error))


def test_every_error_is_proved_here() -> None:
    proved = {type(case.values[0]) for case in ERRORS}

    assert proved == {SMTPPortsError, *SMTPPortsError.__subclasses__()}


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (UnknownPort, KeyError),
        (UnknownName, ValueError),
        (UnknownCriterion, TypeError),
        (NotAttached, KeyError),
        (ConfigurationError, ValueError),
        (ClosedError, RuntimeError),
        (BlockingWaitError, RuntimeError),
        (OutboundConnectionError, ConnectionRefusedError),
        (ServerError, Exception),
    ],
)
def test_an_error_is_also_what_python_would_have_raised(error: type[SMTPPortsError], builtin: type[Exception]) -> None:
    assert issubclass(error, SMTPPortsError)
    assert issubclass(error, builtin)


def test_an_unknown_port_keeps_its_facts() -> None:
    error = UnknownPort(43210, NUMBERS, 587)

    assert (error.number, error.known, error.local_port_of) == (43210, NUMBERS, 587)


def test_an_unknown_port_may_be_nobodys_local_port() -> None:
    assert UnknownPort(588, NUMBERS).local_port_of is None


def test_an_unknown_name_keeps_its_facts() -> None:
    error = UnknownName("block kind", "dorp", (kind for kind in ("drop", "refuse")))

    assert (error.what, error.name, error.known) == ("block kind", "dorp", ("drop", "refuse"))


def test_an_unknown_criterion_keeps_its_facts() -> None:
    error = UnknownCriterion("subjct", {"subject": 1, "text": 2})

    assert (error.name, error.known) == ("subjct", ("subject", "text"))


def test_a_name_that_is_not_attached_keeps_its_facts() -> None:
    error = NotAttached("b.pdf", {"a.pdf": 1})

    assert (error.name, error.attached) == ("b.pdf", ("a.pdf",))


def test_a_blocking_wait_keeps_its_facts() -> None:
    error = BlockingWaitError("wait_for", "wait_for_async")

    assert (error.called, error.twin) == ("wait_for", "wait_for_async")


@pytest.mark.parametrize(
    ("name", "known", "end"),
    [
        ("subjct", ("subject", "text"), "; did you mean 'subject'?"),
        (588, (25, 587), "; did you mean 587?"),
        ("587", (25, 587), "; did you mean 587?"),
        ("zzz", ("subject", "text"), "."),
        ("subject", (), "."),
        (None, ("subject",), "."),
    ],
)
def test_the_nearest_name_is_suggested(name: object, known: tuple[object, ...], end: str) -> None:
    assert did_you_mean(name, known) == end


@pytest.mark.parametrize(("error", "ours"), [(UnknownPort(588, NUMBERS), True), (KeyError(588), False)])
def test_a_traceback_ends_where_the_user_made_the_mistake(error: Exception, *, ours: bool) -> None:
    with pytest.raises(type(error)) as caught:
        raise error

    assert is_ours(caught) is ours


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("within", "assert_sent() and assert_sent_times() take it"),
        ("settle", "assert_not_sent() takes it"),
        ("timeout", "wait_for() and expect() take it"),
    ],
)
def test_who_takes_the_seconds_to_wait_is_told(name: str, told: str) -> None:
    error = UnknownCriterion(name, ["subject"])

    assert str(error) == f"{name!r} is not a criterion here: {told}. Valid: 'subject'."
