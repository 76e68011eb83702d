import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Debian's packages libjakarta-mail-java and libjakarta-activation-java.
JARS = "/usr/share/java/jakarta-mail.jar:/usr/share/java/jakarta-activation.jar"


def run(environment, *command):
    subprocess.run([*command, "ada@example.org"], env=os.environ | environment, check=True, timeout=60)


@pytest.mark.parametrize("number", [25, 465, 587, 2525])
def test_a_shell_script_sends_by_every_port(smtpports, number):
    run(smtpports.env(number), "sh", HERE / "send.sh")

    smtpports.assert_sent(to="ada@example.org", port=number, tls=number != 25)


def test_a_shell_script_learns_that_its_mail_is_refused(smtpports):
    smtpports.fail("rcpt", "550 5.1.1 No such user")

    with pytest.raises(subprocess.CalledProcessError):
        run(smtpports.env(587), "sh", HERE / "send.sh")
    smtpports.assert_not_sent()


def test_perl_sends(smtpports):
    run(smtpports.env(587), "perl", HERE / "send.pl")

    smtpports.assert_sent(to="ada@example.org", port=587, tls=True, user="user")


def test_java_sends(smtpports):
    run(smtpports.env(587), "java", "-cp", JARS, HERE / "Send.java")

    smtpports.assert_sent(to="ada@example.org", port=587, tls=True, user="user")
