"""Tells what the examples do, when they are run with `-s`."""

import pytest

# They are run as suites of their own: hooks for a root folder, frameworks, other languages, what was there before, and
# a tutorial that fails on purpose.
collect_ignore = ["before", "ci", "cli", "guard", "hooks", "interop", "other", "tutorial", "xdist"]


@pytest.fixture(autouse=True)
def tell(request):
    yield
    smtpports = request.node.funcargs.get("smtpports")
    if smtpports is not None:
        print()
        for connection in smtpports.connections:
            host = connection.host or "local"
            print(f"    {host}:{connection.port} {connection.outcome.value}: {connection.reason}")
        for message in smtpports.messages:
            protection = message.tls.version if message.tls else "in clear"
            print(f"    mail {message.subject!r} for {', '.join(message.recipients)} by {message.port}, {protection}")
