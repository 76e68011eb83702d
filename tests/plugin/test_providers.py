"""A provider by the marker, and of a conftest."""

from __future__ import annotations

import pytest


def test_a_marker_leads_providers_here(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from pytest_smtpports import PROFILES, Provider

        def pytest_smtpports_providers(config):
            assert config.rootpath
            return [Provider("ours", ("smtp.example.com",), (PROFILES[25],))]
    """)
    pytester.makepyfile("""
        import smtplib
        import pytest

        @pytest.mark.smtpports(provider=("sendgrid", "ours"))
        def test_two():
            for host in ("smtp.sendgrid.net", "smtp.example.com"):
                smtplib.SMTP(host, 25, timeout=5).quit()

        @pytest.mark.smtpports(provider="sendgrid", network="aws")
        def test_one(smtpports):
            with pytest.raises(TimeoutError):
                smtplib.SMTP("smtp.sendgrid.net", 25, timeout=5)
    """)

    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("'sengrid'", "'sengrid' is not a provider; did you mean 'sendgrid'?*"),
        ("587", "provider= takes a name or a tuple of them, not 587."),
    ],
)
def test_what_is_no_provider_is_told(pytester: pytest.Pytester, value: str, told: str) -> None:
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smtpports(provider={value})
        def test_provider(): pass
    """)

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*@pytest.mark.smtpports: {told}"])
