"""Host names as the resolver compares them, and the numbers that service names mean."""

from __future__ import annotations

import pytest

from pytest_smtpports import ConfigurationError
from pytest_smtpports._network._names import dialled, is_meant, normal, port_number, routable


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.example.com", "smtp.example.com"),
        ("SMTP.Example.COM", "smtp.example.com"),
        ("smtp.example.com.", "smtp.example.com"),
        (b"SMTP.example.com", "smtp.example.com"),
        (bytearray(b"smtp.example.com."), "smtp.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_a_name_has_one_normal_form(host: object, name: str) -> None:
    assert normal(host) == name


@pytest.mark.parametrize("host", [None, 587, b"b\xc3\xbccher.example", "ü" * 64 + ".example", "ü..example"])
def test_what_is_no_name_has_none(host: object) -> None:
    assert normal(host) is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.example.com", "smtp.example.com"),
        ("Smtp.Example.com.", "smtp.example.com"),
        ("mailhost", "mailhost"),
        ("mail_host.internal", "mail_host.internal"),
        ("a-b.example", "a-b.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("1.example", "1.example"),
        ("127.1x", "127.1x"),
        ("mx.0x1g", "mx.0x1g"),
        ("0b1", "0b1"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        (".".join(["a" * 49] * 5), ".".join(["a" * 49] * 5)),
    ],
)
def test_a_host_name_can_be_routed(host: str, name: str) -> None:
    assert routable(host) == name


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "smtp.example.com:587",
        "smtp://smtp.example.com",
        "user@example.com",
        "smtp example com",
        "smtp..example.com",
        "-smtp.example.com",
        "smtp-.example.com",
        "smtp.-example.com",
        "*example.com",
        "::1",
        "a" * 64 + ".example",
        ".".join(["a" * 49] * 6),
        "ü..example",
        "smtp.example.com\n",
        None,
        587,
    ],
)
def test_what_is_no_host_name_cannot_be_routed(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        routable(host)

    assert str(caught.value) == (
        "A route takes host names such as 'smtp.example.com', or '*.example.com' for every name below one, "
        f"not {host!r}; the port is not part of it."
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "192.0.2.1.", "127.1", "0x7f.1", "0X7F.0X1", "127.0x1", "0177.1", "2130706433", "0x"]
)
def test_an_address_cannot_be_routed(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        routable(host)

    assert str(caught.value) == f"A route takes host names, not addresses such as {host!r}."


@pytest.mark.parametrize(
    ("service", "number"),
    [("smtp", 25), ("submissions", 465), ("smtps", 465), ("submission", 587), (b"submission", 587)],
)
def test_a_service_of_mail_means_its_number(service: object, number: int) -> None:
    assert port_number(service) == number


class Number:
    """As numbers of other libraries are."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __index__(self) -> int:
        return self._value


@pytest.mark.parametrize("service", [587, "587", b"587", "http", b"\xff", None, 2525])
def test_every_other_service_stays_as_it_is(service: object) -> None:
    assert port_number(service) == service


@pytest.mark.parametrize(
    ("service", "number"),
    [
        (587, 587),
        ("587", 587),
        (b"587", 587),
        ("submission", 587),
        (b"smtp", 25),
        (Number(587), 587),
        ("http", None),
        (587.0, None),
        (None, None),
    ],
)
def test_a_look_up_tells_what_is_to_be_dialled_or_does_not(service: object, number: int | None) -> None:
    assert dialled(service) == number


@pytest.mark.parametrize("name", ["mx.example.org", "a.b.example.org", "x.example.org"])
def test_a_pattern_means_every_name_below(name: str) -> None:
    assert is_meant(name, routable("*.Example.ORG."))


@pytest.mark.parametrize("name", ["example.org", ".example.org", "notexample.org", "mx.example.com", ""])
def test_a_pattern_means_no_other_name(name: str) -> None:
    assert not is_meant(name, "*.example.org")


def test_a_name_means_itself_alone() -> None:
    assert not is_meant("mx.example.org", "mx.example.org")
