"""Hooks, as a conftest.py in the root folder of a test suite has them."""

from dataclasses import replace

from pytest_smtpports import PROFILES, Fault


def pytest_smtpports_profiles(config):
    return [replace(PROFILES[587], number=2587), replace(PROFILES[25], local_domains=("example.org",))]


def pytest_smtpports_faults(config):
    return [Fault("maintenance", "banner", "421 4.3.2 Back at noon", groups=["transient"], retry="yes")]


def pytest_smtpports_message(message):
    assert "{{" not in message.text, "a template was not filled in"


def pytest_smtpports_command(connection, verb, argument):
    is_full = verb == "RCPT" and "full@" in argument
    return "452 4.2.2 Mailbox full" if is_full else None
