import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def run(script, environment):
    subprocess.run(["node", HERE / script, "ada@example.org"], env=environment, check=True, timeout=30)


def test_node_is_told_by_its_environment(smtpports):
    run("send.cjs", os.environ | smtpports.env(587))

    smtpports.assert_sent(to="ada@example.org", subject="Welcome", port=587, tls=True, user="user")


def test_node_follows_a_route(smtpports):
    smtpports.route("smtp.example.com")

    run("routed.cjs", os.environ)

    smtpports.assert_sent(to="ada@example.org", host="smtp.example.com", port=587, tls=True)
