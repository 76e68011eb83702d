import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = "from codes import send_code; send_code('ada@example.org', '482913')"


@pytest.fixture
def shop(smtpports):
    environment = os.environ | smtpports.env(587)
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=HERE, env=environment) as child:
        yield child
        child.wait(timeout=30)


@pytest.mark.usefixtures("shop")
def test_a_code_is_sent(smtpports):
    mail = smtpports.wait_for(to="ada@example.org", subject="Your code", timeout=20)

    assert mail.code() == "482913"
