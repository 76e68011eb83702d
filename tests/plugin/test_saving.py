"""What `--smtpports-save` leaves behind, in one process and in several."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUITE = """
    import smtplib
    import pytest
    from mail import send

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_sends(smtpports, number):
        for place in range(number):
            send(smtpports.ports[25].address, f"Mail {place} of {number}")

    @pytest.mark.xdist_group("shared")
    def test_server(smtpports_server):
        send(smtpports_server.ports[25].address, "Shared")

    @pytest.mark.xdist_group("shared")
    def test_both(smtpports, smtpports_server):
        send(smtpports.ports[25].address, "Own")
        send(smtpports_server.ports[25].address, "Shared")

    @pytest.mark.smtpports(block=587)
    def test_blocked(smtpports):
        with pytest.raises(TimeoutError):
            smtplib.SMTP(*smtpports.ports[587].address, timeout=0.2)
        assert smtpports.messages

    def test_uses_it_for_nothing(smtpports):
        pass

    def test_has_nothing_to_do_with_it():
        pass
"""
SAVED = "smtpports: 9 messages and 10 connections in 6 tests, saved in mail"
# The options by which suites run.
RUNS = {"serial": (), "xdist": ("-n", "2", "--dist", "loadgroup")}


@pytest.fixture(autouse=True)
def no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs these tests may want one of them."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Runs the suite with temporary files of its own, of which nothing is left."""
    temporary = pytester.mkdir("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))

    def run(*options: str) -> pytest.RunResult:
        result = pytester.runpytest_subprocess("--basetemp=base", *options, timeout=60)
        assert [path.name for path in temporary.iterdir()] == []
        return result

    return run


def files_in(directory: Path) -> dict[str, str]:
    """The files by their names, what differs from run to run taken out of them."""
    return {
        path.relative_to(directory).as_posix(): re.sub(
            r"opened at .*|^ +[\d.]+ |ehlo .*|\[.*:\d+\]", "…", path.read_bytes().decode(), flags=re.MULTILINE
        )
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_each_test_has_its_folder(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile(test_mail=SUITE)

    result = run("--smtpports-save=mail")

    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines([f"*- {SAVED} -*"])
    found = files_in(pytester.path / "mail")
    assert {re.sub(r"-[0-9a-f]{10}/", "/", name) for name in found} == {
        "test_mail.py-test_sends-1/001-25-mail-0-of-1.eml",
        "test_mail.py-test_sends-1/001.dialogue.txt",
        *(f"test_mail.py-test_sends-2/00{place + 1}-25-mail-{place}-of-2.eml" for place in range(2)),
        *(f"test_mail.py-test_sends-2/00{place + 1}.dialogue.txt" for place in range(2)),
        *(f"test_mail.py-test_sends-3/00{place + 1}-25-mail-{place}-of-3.eml" for place in range(3)),
        *(f"test_mail.py-test_sends-3/00{place + 1}.dialogue.txt" for place in range(3)),
        "test_mail.py-test_server/001-25-shared.eml",
        "test_mail.py-test_server/001.dialogue.txt",
        "test_mail.py-test_both/001-25-own.eml",
        "test_mail.py-test_both/002-25-shared.eml",
        "test_mail.py-test_both/001.dialogue.txt",
        "test_mail.py-test_both/002.dialogue.txt",
        "test_mail.py-test_blocked/001.dialogue.txt",
    }
    both = next(text for name, text in found.items() if "test_both" in name and "002.dialogue" in name)
    assert both.startswith("test_mail.py::test_both\n25: delivered: 1 message taken\n…\nbrought message 002 to ada@")
    raw = next((pytester.path / "mail").rglob("*test_server*/*.eml")).read_bytes()
    assert raw == b"To: ada@example.org\r\nSubject: Shared\r\n\r\nGood morning\r\n"


@pytest.mark.parametrize("options", [("-n", "2"), ("-n", "2", "--dist", "loadgroup")], ids=["load", "loadgroup"])
def test_workers_save_what_one_process_saves_whoever_runs_which_test(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[..., pytest.RunResult],
    options: tuple[str, ...],
) -> None:
    pytester.makepyfile(test_mail=SUITE)

    found = []
    for several in ((), options):
        summary = pytester.path / f"{len(several)}.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        result = run("--smtpports-save=mail", *several)
        result.assert_outcomes(passed=7, failed=1)
        result.stdout.fnmatch_lines([f"*- {SAVED} -*"])
        found.append((files_in(pytester.path / "mail"), summary.read_text("utf-8")))

    assert found[0] == found[1]


def test_the_order_is_that_of_the_run(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile(
        test_mail="""
        import pytest
        from mail import send

        @pytest.mark.parametrize("turn", range(20))
        def test_sends(smtpports, turn):
            send(smtpports.ports[25].address)
    """
    )
    summary = pytester.path / "summary.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        run("--smtpports-save=mail", "-n", "2").assert_outcomes(passed=20)

    assert re.findall(r"sends&#91;(\d+)", summary.read_text("utf-8")) == [str(turn) for turn in range(20)]


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS.keys())
def test_junit_has_the_counts_and_the_folder(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], options: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_mail=SUITE)

    run("--smtpports-save=build/mail", "--junitxml=junit.xml", *options)

    from xml.etree import ElementTree as ET  # what pytest has just written

    cases = ET.parse(pytester.path / "junit.xml").iter("testcase")  # noqa: S314 # as above
    found = {
        case.attrib["name"].partition("@")[0]: {
            each.attrib["name"]: each.attrib["value"] for each in case.iter("property")
        }
        for case in cases
    }
    both = found["test_both"]
    assert (both["smtpports_messages"], both["smtpports_connections"]) == ("2", "2")
    assert len([*(pytester.path / both["smtpports_saved"]).glob("*.eml")]) == 2
    assert found["test_uses_it_for_nothing"] == {"smtpports_messages": "0", "smtpports_connections": "0"}
    assert found["test_has_nothing_to_do_with_it"] == {}


def test_a_run_that_stops_early_has_saved_what_there_was(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_first(smtpports_server):
            send(smtpports_server.ports[25].address, "First")

        def test_second(smtpports_server):
            send(smtpports_server.ports[25].address, "Second")
            assert not smtpports_server.messages

        def test_third(smtpports_server):
            send(smtpports_server.ports[25].address, "Third")
    """)

    result = run("--smtpports-save=mail", "-x")

    result.assert_outcomes(passed=1, failed=1)
    assert sorted(path.name for path in pytester.path.glob("mail/*/*.eml")) == ["001-25-first.eml", "001-25-second.eml"]


def test_a_worker_that_dies_takes_nothing_with_it_but_its_last_test(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile("""
        import os
        import pytest
        from mail import send

        @pytest.mark.parametrize("turn", range(10))
        def test_sends(smtpports, turn):
            send(smtpports.ports[25].address, f"Mail {turn}")
            if turn == 5:
                os._exit(3)
    """)

    result = run("--smtpports-save=mail", "-n", "2")

    result.assert_outcomes(passed=9, failed=1)
    names = sorted(path.name for path in pytester.path.glob("mail/*/*.eml"))
    assert names == [f"001-25-mail-{turn}.eml" for turn in range(10) if turn != 5]


def test_nothing_is_made_where_tests_are_only_collected(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]
) -> None:
    pytester.makepyfile(test_mail=SUITE)

    result = run("--smtpports-save=mail", "--collect-only")

    assert result.ret == 0
    assert not (pytester.path / "mail").exists()
    result.stdout.no_fnmatch_line("*saved in*")


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS.keys())
def test_a_run_without_tests_saves_nothing(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], options: tuple[str, ...]
) -> None:
    summary = pytester.path / "summary.md"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        result = run("--smtpports-save=mail", *options)

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert [*(pytester.path / "mail").iterdir()] == []
    assert not summary.exists()
    result.stdout.fnmatch_lines(["*- smtpports: 0 messages and 0 connections in 0 tests, saved in mail -*"])


def test_the_ini_file_names_the_folder_from_where_it_stands_itself_and_the_option_has_the_word(
    pytester: pytest.Pytester, write_ini: Callable[..., None], run: Callable[..., pytest.RunResult]
) -> None:
    write_ini("smtpports_save = artifacts/mail")
    inner = pytester.mkdir("inner")
    inner.joinpath("test_mail.py").write_text(
        "from mail import send\n\n\ndef test_sends(smtpports):\n    send(smtpports.ports[25].address)\n", "utf-8"
    )
    for options, folder in (((), "artifacts/mail"), (("--smtpports-save=other",), "other")):
        result = run(*options, "inner")

        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines([f"*saved in {folder} -*"])
        assert len([*pytester.path.glob(f"{folder}/*/001-25-hello.eml")]) == 1


def test_attachments_are_saved_where_the_ini_file_asks_for_them(
    pytester: pytest.Pytester, write_ini: Callable[..., None], run: Callable[..., pytest.RunResult]
) -> None:
    write_ini("smtpports_save = mail", "smtpports_save_attachments = true")
    pytester.makepyfile("""
        from email.message import EmailMessage

        def test_sends(smtpports):
            message = EmailMessage()
            message["Subject"] = "Invoice"
            message.set_content("Here it is")
            message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../invoice.pdf")
            with smtpports.ports[587].connect() as client:
                client.send_message(message, "app@example.com", ["ada@example.org"])
    """)

    run().assert_outcomes(passed=1)

    attached = [*pytester.path.glob("mail/*/001-attachments/*")]
    assert [(path.name, path.read_bytes()) for path in attached] == [("invoice.pdf", b"%PDF")]


def test_no_password_is_saved(pytester: pytest.Pytester, run: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile("""
        import smtplib
        import pytest

        def test_logs_in(smtpports):
            smtpports.add_user("ada", "sword" + "fish")
            with smtplib.SMTP(*smtpports.ports[2525].address, timeout=5) as client:
                client.login("ada", "sword" + "fish")
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    client.login("ada", "sword" + "fishes")
    """)

    run("--smtpports-save=mail", "--junitxml=mail/junit.xml")

    found = files_in(pytester.path / "mail")
    assert len(found) == 2
    assert not any("swordfish" in text or "c3dvcmRmaXNo" in text for text in found.values())


@pytest.mark.parametrize(
    ("line", "option", "told"),
    [
        (
            "",
            "--smtpports-save=",
            "--smtpports-save: no path is given; write one, such as *=build/mail.",
        ),
        ("", "--smtpports-save=mail.py", "--smtpports-save: '*mail.py' can't be written (*); give a folder *"),
        ("", "--smtpports-save=mail.py/x", "--smtpports-save: '*x' can't be written (*); give a folder *"),
        (
            "smtpports_save = mail.py",
            "",
            "ini smtpports_save: '*mail.py' can't be written (*); give a folder *",
        ),
        ("smtpports_save_attachments = perhaps", "", "ini smtpports_save_attachments: 'perhaps' is not a truth value*"),
        ("", "--smtpports-report=", "--smtpports-report: no path is given; write one, such as *"),
    ],
)
def test_what_can_t_be_written_is_told_before_any_test_runs(
    pytester: pytest.Pytester, write_ini: Callable[..., None], line: str, option: str, told: str
) -> None:
    write_ini(line)
    pytester.makepyfile("def test_nothing(): pass")

    result = pytester.runpytest(*filter(None, [option]))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])
    result.stdout.no_fnmatch_line("*passed*")


def test_a_page_needs_an_extra(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)

    result = pytester.runpytest("--smtpports-report=page.html")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --smtpports-report: Jinja2 is not installed; pip install 'pytest-smtpports*"])


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS.keys())
def test_a_page_is_written_where_it_is_asked_for(
    pytester: pytest.Pytester, run: Callable[..., pytest.RunResult], options: tuple[str, ...]
) -> None:
    pytest.importorskip("pytest_smtpports._report._page")
    pytester.makepyfile(test_mail=SUITE)

    for others, told in (((), "build?page.html"), (("--smtpports-save=mail",), "mail and build?page.html")):
        result = run("--smtpports-report=build/page.html", *others, *options)

        result.assert_outcomes(passed=7, failed=1)
        result.stdout.fnmatch_lines([f"*in 6 tests, saved in {told} *"])
        assert "Mail 2 of 3" in (pytester.path / "build" / "page.html").read_text("utf-8")


def test_a_page_that_can_t_be_written_is_told_before_any_test_runs(pytester: pytest.Pytester) -> None:
    pytest.importorskip("jinja2")

    result = pytester.runpytest(f"--smtpports-report={pytester.path}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --smtpports-report: '*' can't be written (*); give a file that can be *"])


def test_what_can_t_be_written_at_the_end_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import shutil
        from pathlib import Path
        from mail import send

        def test_sends(smtpports):
            send(smtpports.ports[25].address)
            Path("mail").rmdir()
            Path("mail").write_text("in the way")
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*- smtpports: 1 message and 1 connection in 1 test -*",
            "smtpports: mail could not be written: *",
        ]
    )


def test_a_summary_that_can_t_be_written_is_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "missing" / "summary.md"))
    pytester.makepyfile("""
        from mail import send

        def test_sends(smtpports):
            send(smtpports.ports[25].address)
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*saved in mail -*", "smtpports: missing?summary.md could not be written: *"])


def test_a_summary_is_added_to_what_others_have_written(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = pytester.path / "summary.md"
    summary.write_text("Before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    pytester.makepyfile("""
        from mail import send

        def test_sends(smtpports):
            send(smtpports.ports[25].address)
    """)

    pytester.runpytest("--smtpports-save=mail").assert_outcomes(passed=1)
    pytester.runpytest().assert_outcomes(passed=1)

    assert summary.read_text("utf-8").startswith(
        "Before\n### Mail of the tests\n\n1 message and 1 connection in 1 test"
    )
    assert summary.read_text("utf-8").count("###") == 1


def test_a_test_whose_mail_can_t_be_kept_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_sends(smtpports, request):
            send(smtpports.ports[25].address)
            # As where the disk is full.
            recorder = request.config.pluginmanager.get_plugin("smtpports-collecting")._recorder
            recorder._bodies.close()
            recorder._bodies = open("/dev/full", "wb", buffering=0)
            request.config.add_cleanup(recorder._bodies.close)
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["What the test captured can't be kept: *No space left*"])


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("pass", "passed"),
        ("assert 0", "failed"),
        ("pytest.skip()", "skipped"),
        ("pytest.xfail()", "xfailed"),
        ("request.applymarker('xfail')", "xpassed"),
        ("request.applymarker('xfail'); assert 0", "xfailed"),
        ("request.applymarker(pytest.mark.xfail(raises=KeyError)); request.addfinalizer(lambda: 1 / 0)", "error"),
        ("request.addfinalizer(lambda: 1 / 0)", "error"),
        ("request.addfinalizer(lambda: 1 / 0); assert 0", "failed"),
        ("request.getfixturevalue('broken')", "failed"),
    ],
)
def test_the_outcome_of_a_test_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, body: str, outcome: str
) -> None:
    summary = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    pytester.makepyfile(f"""
        import pytest
        from mail import send

        @pytest.fixture
        def broken():
            raise ValueError

        def test_sends(smtpports, request):
            send(smtpports.ports[25].address)
            {body}
    """)

    pytester.runpytest("--smtpports-save=mail")

    assert f"| {outcome} | 1 | 1 |" in summary.read_text("utf-8")


def test_a_fixture_that_fails_is_an_error(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    pytester.makepyfile("""
        import pytest
        from mail import send

        @pytest.fixture
        def broken(smtpports):
            send(smtpports.ports[25].address)
            raise ValueError

        def test_sends(broken):
            pass
    """)

    result = pytester.runpytest("--smtpports-save=mail")

    result.stdout.fnmatch_lines(["*smtpports: mail and connections*", "1 message came:"])
    assert "| error | 1 | 1 |" in summary.read_text("utf-8")


def test_without_a_terminal_nothing_is_told_and_all_is_saved(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from mail import send

        def test_sends(smtpports):
            send(smtpports.ports[25].address)
    """)

    pytester.inline_run("--smtpports-save=mail", "-p", "no:terminal").assertoutcome(passed=1)

    assert len([*pytester.path.glob("mail/*/001-25-hello.eml")]) == 1
