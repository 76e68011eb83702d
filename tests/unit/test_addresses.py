"""Addresses in the forms that a connect takes, and those of this machine."""

from __future__ import annotations

import pytest

from pytest_smtpports._network._addresses import is_every, is_this_machine, numeric


@pytest.mark.parametrize(
    ("host", "usual"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::ffff:7f00:1", "127.0.0.1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("fe80::1%lo", "fe80::1"),
        ("smtp.example.com", "smtp.example.com"),
        ("", ""),
    ],
)
def test_an_address_has_one_form(host: str, usual: str) -> None:
    assert numeric(host) == usual


@pytest.mark.parametrize("host", ["", "localhost", "mail.localhost", "127.9.9.9", "::1", "0.0.0.0", "::", "127.1"])
def test_what_loops_back_is_this_machine(host: str) -> None:
    assert is_this_machine(host)


# RFC 5737 §3, RFC 3849
@pytest.mark.parametrize("host", ["198.51.100.1", "2001:db8::1", "::ffff:198.51.100.1", "smtp.example.com"])
def test_what_no_interface_has_is_another_machine(host: str) -> None:
    assert not is_this_machine(host)


@pytest.mark.parametrize(("host", "every"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False)])
def test_one_address_stands_for_every_one(host: str, every: bool) -> None:
    assert is_every(host) is every
