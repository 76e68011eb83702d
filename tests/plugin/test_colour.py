"""Colour in the terminal, and in nothing else."""

import re

import pytest

# What a terminal begins green, red and yellow with.
GREEN, RED, YELLOW, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
SUITE = """
import pytest, smtplib

@pytest.fixture
def sent(smtpports):
    with smtpports.ports[25].connect() as client:
        client.sendmail("app@example.com", "ada@example.org", "To: ada@example.org\\r\\nSubject: Welcome\\r\\n")

def test_explained(smtpports, sent):
    smtpports.assert_sent(to="ada@example.org", subject="welcome")

def test_blocked(smtpports):
    smtpports.block(587)
    with pytest.raises(TimeoutError):
        smtplib.SMTP(*smtpports.ports[587].address, timeout=1)
    smtpports.assert_sent()

def test_in_other_words(smtpports, sent):
    assert "  ✗ nothing of ours" == smtpports.messages.only.subject

def test_told(smtpports):
    smtpports.block(25)
    assert smtpports.messages
"""
RUNS = pytest.mark.parametrize("distributed", [(), ("-n", "2")], ids=["in one process", "by two workers"])


@pytest.fixture
def run(pytester):
    pytester.makepyfile(SUITE)

    def run(*arguments):
        return pytester.runpytest_subprocess("-p", "no:randomly", *arguments)

    return run


@RUNS
def test_what_is_met_is_green_what_is_not_is_red_and_what_is_in_the_way_is_yellow(run, distributed):
    result = run("--color=yes", *distributed)
    shown = result.stdout.str()
    result.assert_outcomes(failed=4)
    assert f"{GREEN}       ✓ to{PLAIN}" in shown
    assert f"{RED}\x1b[1m       ✗ subject{PLAIN}" in shown
    assert f"{GREEN}           wanted 'welcome'{PLAIN}" in shown
    assert f"{RED}           came   'Welcome'{PLAIN}" in shown
    assert f"{YELLOW}       587: blocked (drop): the SYN was not answered" in shown
    assert f"{YELLOW}     blocked: 587 (drop){PLAIN}" in shown


@RUNS
def test_each_line_says_in_red_that_it_belongs_to_a_failure_and_the_first_what_it_is(run, distributed):
    shown = run("--color=yes", "-k", "explained", *distributed).stdout.str()
    assert f"\x1b[1m{RED}     AssertionError: no message matches, 1 expected{PLAIN}" in shown
    assert f"\x1b[1m{RED}E  {PLAIN}       to = 'ada@example.org'\n" in shown


@RUNS
def test_the_section_of_a_failing_test_has_colour(run, distributed):
    shown = run("--color=yes", "-k", "told", *distributed).stdout.str()
    assert "no message came\n" in shown
    assert f"\n{YELLOW}blocked: 25 (drop){PLAIN}\n" in shown


def test_another_assertion_is_shown_as_pytest_has_it(run):
    shown = run("--color=yes", "-k", "in_other_words").stdout.str()
    assert "\x1b[1m\x1b[31mE       AssertionError: assert '  ✗ nothing of ours' == 'Welcome'" in shown


@pytest.mark.parametrize("arguments", [(), ("--color=no",)])
def test_a_pipe_and_who_wants_no_colour_get_none(run, arguments):
    shown = run(*arguments).stdout.str()
    assert "✗ subject" in shown
    assert "\x1b" not in shown


@RUNS
def test_a_junit_report_has_no_colour(run, pytester, distributed):
    run("--color=yes", "--junitxml=junit.xml", "-k", "not in_other_words", *distributed)
    report = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert "✗ subject" in report
    assert "#x1B" not in report


def test_a_failure_behind_another_one_has_a_headline_of_its_own(run, pytester):
    pytester.makepyfile("""
        def test_twice(smtpports):
            try:
                smtpports.assert_sent(to="ada@example.org")
            except AssertionError:
                smtpports.assert_sent(to="bob@example.org")
    """)
    shown = run("--color=yes").stdout.str()
    headline = re.escape(f"\x1b[1m{RED}") + " +AssertionError: no message matches, 1 expected" + re.escape(PLAIN)
    assert len(re.findall(headline, shown)) == 2


@pytest.mark.parametrize("style", ["short", "line", "native", "no"])
def test_every_style_of_traceback_can_be_shown(run, style):
    result = run("--color=yes", f"--tb={style}")
    result.assert_outcomes(failed=4)
    assert "INTERNALERROR" not in result.stdout.str()
