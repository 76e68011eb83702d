"""What may be wrong with TLS, and how it is told."""

from __future__ import annotations

import pickle

import pytest

from pytest_smtpports import BadTLS, UnknownName
from pytest_smtpports._ports._flaws import FLAWS, accepted, failed, left, named

IN_CERTIFICATES = [kind for kind, flaw in FLAWS.items() if flaw.is_in_certificate]
ELSEWHERE = [kind for kind, flaw in FLAWS.items() if not flaw.is_in_certificate]
GONE = "the client ended the handshake without an alert"


def test_the_kinds_are_those_of_badssl() -> None:
    assert " ".join(IN_CERTIFICATES) == (
        "expired not-yet-valid wrong-host self-signed untrusted-root incomplete-chain weak-key wrong-usage"
    )
    assert " ".join(ELSEWHERE) == "tls1.0 tls1.1 no-shared-cipher client-certificate-required"


@pytest.mark.parametrize("kind", FLAWS)
def test_each_kind_is_a_value_by_its_name(kind: str) -> None:
    bad = BadTLS(kind)

    assert pickle.loads(pickle.dumps(bad)) == bad  # noqa: S301 # our own bytes
    assert named(kind) == f"fail_tls({kind!r})"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("exspired", "'exspired' is not a kind of bad TLS; did you mean 'expired'? Valid: 'expired', 'not-yet-valid',"),
        ("tls1", "'tls1' is not a kind of bad TLS; did you mean 'tls1.1'?"),
        (1.0, "1.0 is not a kind of bad TLS"),
        (["expired"], r"['expired'] is not a kind of bad TLS"),
    ],
)
def test_an_unknown_kind_is_refused_with_the_nearest_one(kind: str, told: str) -> None:
    with pytest.raises(UnknownName) as caught:
        BadTLS(kind)

    assert str(caught.value).startswith(told)


def test_an_alert_is_told_of_by_its_name() -> None:
    assert failed("expired", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "anything") == (
        "fail_tls('expired'): the client refused the certificate (CERTIFICATE_EXPIRED)"
    )


@pytest.mark.parametrize("kind", IN_CERTIFICATES)
def test_a_client_that_knows_no_authority_of_ours_is_told_of_unless_that_is_the_flaw(kind: str) -> None:
    sentence = failed(kind, "TLSV1_ALERT_UNKNOWN_CA", "anything")

    is_the_flaw = kind in ("self-signed", "untrusted-root", "incomplete-chain")
    assert ("would have refused a good one: it does not trust our CA" in sentence) is not is_the_flaw


@pytest.mark.parametrize("kind", FLAWS)
def test_a_client_that_goes_without_an_alert_most_likely_minds_the_flaw(kind: str) -> None:
    assert failed(kind, "", GONE) == f"fail_tls({kind!r}): {GONE}; most likely it refused {FLAWS[kind].shows}"


@pytest.mark.parametrize("kind", FLAWS)
def test_what_the_port_itself_has_found_is_told_behind_the_name_of_the_fault(kind: str) -> None:
    assert failed(kind, "HTTP_REQUEST", "the client spoke HTTP") == f"fail_tls({kind!r}): the client spoke HTTP"


@pytest.mark.parametrize("kind", FLAWS)
def test_a_client_that_leaves_behind_the_handshake_may_have_verified_then(kind: str) -> None:
    told = left(kind)

    assert (told is None) is (kind in ELSEWHERE)
    assert told is None or told.endswith(f"most likely it refused {FLAWS[kind].shows}")


@pytest.mark.parametrize("kind", FLAWS)
def test_only_a_client_that_shows_its_certificate_does_well_to_go_on(kind: str) -> None:
    if kind == "client-certificate-required":
        assert accepted(kind) is None
    else:
        assert accepted(kind) == f"the client accepted {FLAWS[kind].shows} (fail_tls({kind!r}))"
