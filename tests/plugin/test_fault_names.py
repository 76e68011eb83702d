"""Faults by name: as parameters, by the marker, and of a conftest."""

from __future__ import annotations

import pytest


def test_a_test_that_has_faults_for_parameters_is_named_after_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from pytest_smtpports import FAULTS

        @pytest.mark.parametrize("fault", FAULTS.ambiguous)
        @pytest.mark.parametrize("number", [25, 587])
        def test_fault(fault, number): pass

        @pytest.mark.parametrize("fault", [FAULTS["spam"], pytest.param(FAULTS["greylisted"], marks=pytest.mark.skip)])
        def test_some(fault): pass
    """)

    result = pytester.runpytest("--collect-only", "-q")

    collected = {line.partition("::")[2] for line in result.outlines}
    assert {
        "test_fault[25-closed-at-message]",
        "test_fault[587-stored-then-451]",
        "test_some[spam]",
        "test_some[greylisted]",
    } <= collected


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("'mailbox-full'", [452, 221]),
        ("FAULTS['mailbox-full']", [452, 221]),
        ("('rcpt', '450 4.7.1 Greylisted')", [450, 221]),
        ("['mailbox-full', ('quit', '421 4.3.2 Later')]", [452, 421]),
        ("[FAULTS['mailbox-full'], 'ours']", [452, 554]),
    ],
)
def test_the_marker_lays_a_fault_or_several(pytester: pytest.Pytester, value: str, codes: list[int]) -> None:
    pytester.makeconftest("""
        from pytest_smtpports import Fault

        def pytest_smtpports_faults(config):
            assert config.rootpath
            return [Fault("ours", "quit", "554 5.3.0 No")]
    """)
    pytester.makepyfile(f"""
        import smtplib
        import pytest
        from pytest_smtpports import FAULTS

        @pytest.mark.smtpports(fail={value})
        def test_marked(smtpports):
            client = smtplib.SMTP(*smtpports.ports[25].address, timeout=10)
            client.ehlo()
            client.mail("app@example.com")
            assert [client.rcpt("ada@example.org")[0], client.quit()[0]] == {codes}

        def test_next(smtpports):
            with smtpports.ports[25].connect() as client:
                client.sendmail("app@example.com", "ada@example.org", "Subject: Hi")
    """)

    pytester.runpytest().assert_outcomes(passed=2)


def test_the_marker_lays_what_the_network_does(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.smtpports(fail="refused")
        def test_marked(smtpports):
            assert {port.blocked.kind for port in smtpports.ports} == {"refuse"}
    """)

    pytester.runpytest().assert_outcomes(passed=1)
