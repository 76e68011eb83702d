"""Hooks, as a conftest.py in the root folder of a test suite has them."""

from dataclasses import replace

from pytest_smtpports import PROFILES


def pytest_smtpports_profiles(config):
    return [replace(PROFILES[587], number=2587), replace(PROFILES[25], local_domains=("example.org",))]


def pytest_smtpports_message(message):
    assert "{{" not in message.text, "a template was not filled in"
