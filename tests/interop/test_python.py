"""Python's clients, unchanged, at a provider's host name: what arrives, and who checks certificates."""

from __future__ import annotations

import asyncio
import smtplib
from contextlib import closing
from dataclasses import replace
from email import charset
from functools import partial
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING
from unittest.mock import patch
from urllib.parse import quote, urlencode

import aiosmtplib
import apprise
import django.conf
import emails
import envelope
import fastapi_mail
import flask
import flask_mail
import flask_mailman
import pytest
import redmail
import yagmail
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings
from emails.backend.smtp import SMTPBackend
from twisted.internet import reactor, threads
from twisted.internet.defer import Deferred
from twisted.internet.ssl import optionsForClientTLS
from twisted.mail.smtp import ESMTPSenderFactory

from tests.interop.conftest import HOST, Letter, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_smtpports import Message, SMTPPorts

# Seconds
TIMEOUT = 10

if not django.conf.settings.configured:
    django.conf.settings.configure()

# What is deprecated, or left to the garbage collector, in their code is theirs.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # Django has other settings to come; this stands for a class of each version.
    pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedAfterNextVersionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def by_smtplib(letter: Letter, server: Server) -> None:
    kind, options = (smtplib.SMTP_SSL, {"context": server.context}) if server.is_implicit else (smtplib.SMTP, {})
    with kind(server.host, server.port, timeout=TIMEOUT, **options) as client:
        if server.is_upgraded:
            client.starttls(context=server.context)
        if server.user:
            client.login(server.user, server.password)
        client.send_message(letter.composed(), to_addrs=letter.recipients)


def by_aiosmtplib(letter: Letter, server: Server) -> None:
    asyncio.run(
        aiosmtplib.send(
            letter.composed(),
            recipients=letter.recipients,
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.is_implicit,
            start_tls=server.is_upgraded,
            timeout=TIMEOUT,
        )
    )


def by_django(letter: Letter, server: Server) -> None:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST=server.host,
        EMAIL_PORT=server.port,
        EMAIL_HOST_USER=server.user or "",
        EMAIL_HOST_PASSWORD=server.password or "",
        EMAIL_USE_TLS=server.is_upgraded,
        EMAIL_USE_SSL=server.is_implicit,
        EMAIL_TIMEOUT=TIMEOUT,
    ):
        mail = EmailMultiAlternatives(
            letter.subject, letter.text, letter.sender, [letter.to], [letter.bcc], cc=[letter.cc]
        )
        mail.attach_alternative(letter.html, "text/html")
        mail.attach_file(letter.attached)
        mail.send()


def _flask(server: Server) -> flask.Flask:
    app = flask.Flask("shop")
    app.config.update(
        MAIL_SERVER=server.host,
        MAIL_PORT=server.port,
        MAIL_USERNAME=server.user,
        MAIL_PASSWORD=server.password,
        MAIL_USE_TLS=server.is_upgraded,
        MAIL_USE_SSL=server.is_implicit,
        MAIL_TIMEOUT=TIMEOUT,
    )
    return app


def by_flask_mail(letter: Letter, server: Server) -> None:
    app = _flask(server)
    mail = flask_mail.Mail(app)
    message = flask_mail.Message(
        letter.subject, [letter.to], letter.text, letter.html, sender=letter.sender, cc=[letter.cc], bcc=[letter.bcc]
    )
    message.attach(letter.attached.name, "application/pdf", letter.content)
    with app.app_context():
        mail.send(message)


def by_flask_mailman(letter: Letter, server: Server) -> None:
    app = _flask(server)
    mail = flask_mailman.Mail(app)
    with app.app_context(), mail.get_connection() as connection:
        message = flask_mailman.EmailMultiAlternatives(
            letter.subject, letter.text, letter.sender, [letter.to], [letter.bcc], connection, cc=[letter.cc]
        )
        message.attach_alternative(letter.html, "text/html")
        message.attach_file(str(letter.attached))
        message.send()


def by_fastapi_mail(letter: Letter, server: Server) -> None:
    settings = fastapi_mail.ConnectionConfig(
        MAIL_SERVER=server.host,
        MAIL_PORT=server.port,
        MAIL_USERNAME=server.user or "",
        MAIL_PASSWORD=server.password or "",
        USE_CREDENTIALS=server.user is not None,
        MAIL_FROM=letter.sender,
        MAIL_STARTTLS=server.is_upgraded,
        MAIL_SSL_TLS=server.is_implicit,
        TIMEOUT=TIMEOUT,
    )
    message = fastapi_mail.MessageSchema(
        subject=letter.subject,
        recipients=[letter.to],
        cc=[letter.cc],
        bcc=[letter.bcc],
        body=letter.html,
        alternative_body=letter.text,
        multipart_subtype=fastapi_mail.MultipartSubtypeEnum.alternative,
        subtype=fastapi_mail.MessageType.html,
        attachments=[str(letter.attached)],
    )
    asyncio.run(fastapi_mail.FastMail(settings).send_message(message))


def by_redmail(letter: Letter, server: Server) -> None:
    sender = redmail.EmailSender(
        server.host,
        server.port,
        server.user,
        server.password,
        use_starttls=server.is_upgraded,
        cls_smtp=smtplib.SMTP_SSL if server.is_implicit else smtplib.SMTP,
        timeout=TIMEOUT,
        **({"context": server.context} if server.is_implicit else {}),
    )
    sender.send(
        letter.subject,
        sender=letter.sender,
        receivers=[letter.to],
        cc=[letter.cc],
        bcc=[letter.bcc],
        text=letter.text,
        html=letter.html,
        attachments={letter.attached.name: letter.content},
    )


def by_yagmail(letter: Letter, server: Server) -> None:
    options = {"context": server.context}
    # Flask-Mail takes this from everybody when it is imported, and yagmail then sends nothing but ASCII.
    encoding = {"utf-8": (charset.SHORTEST, charset.BASE64, "utf-8")}
    with (
        patch.dict(charset.CHARSETS, encoding),
        yagmail.SMTP(
            server.user or letter.sender,
            server.password,
            server.host,
            server.port,
            smtp_ssl=server.is_implicit,
            smtp_starttls=server.is_upgraded and options,
            smtp_skip_login=server.user is None,
            timeout=TIMEOUT,
            **(options if server.is_implicit else {}),
        ) as client,
    ):
        # What it is given it sends as text and, within a div, as HTML.
        client.send(
            letter.to, letter.subject, letter.html, str(letter.attached), letter.cc, letter.bcc, prettify_html=False
        )


def by_emails(letter: Letter, server: Server) -> None:
    message = emails.Message(
        subject=letter.subject,
        mail_from=letter.sender,
        mail_to=letter.to,
        cc=letter.cc,
        bcc=letter.bcc,
        text=letter.text,
        html=letter.html,
    )
    message.attach(filename=letter.attached.name, data=BytesIO(letter.content))
    backend = SMTPBackend(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        ssl=server.is_implicit,
        tls=server.is_upgraded,
        timeout=TIMEOUT,
        fail_silently=False,
    )
    with closing(backend):
        message.send(smtp=backend)


def by_envelope(letter: Letter, server: Server) -> None:
    security = "tls" if server.is_implicit else "starttls" if server.is_upgraded else False
    mail = envelope.Envelope().subject(letter.subject).from_(letter.sender).to(letter.to).cc(letter.cc).bcc(letter.bcc)
    mail.message(letter.html, alternative="html").message(letter.text, alternative="plain")
    mail.attach(letter.content, "application/pdf", letter.attached.name)
    mail.smtp(server.host, server.port, server.user, server.password, security, timeout=TIMEOUT)
    try:
        assert mail.send()
    finally:
        # It keeps the connection for others.
        envelope.Envelope.smtp_quit()


def by_apprise(letter: Letter, server: Server) -> None:
    mode = "ssl" if server.is_implicit else "starttls" if server.is_upgraded else "insecure"
    login = f"{quote(server.user)}:{quote(server.password)}@" if server.user else ""
    query = {
        "smtp": server.host,
        "mode": mode,
        "from": letter.sender,
        "to": letter.to,
        "cc": letter.cc,
        "bcc": letter.bcc,
        "format": "html",
    }
    scheme = "mailto" if mode == "insecure" else "mailtos"
    notifications = apprise.Apprise()
    assert notifications.add(f"{scheme}://{login}{server.host}:{server.port}?{urlencode(query)}")
    assert notifications.notify(letter.html, letter.subject, attach=str(letter.attached), body_format="html")


def by_twisted(letter: Letter, server: Server) -> None:
    # It makes CRLF of LF by itself.
    message = letter.composed().as_bytes()
    threads.blockingCallFromThread(reactor, _send_by_twisted, letter, server, message)


def _send_by_twisted(letter: Letter, server: Server, message: bytes) -> Deferred:
    done, tls = Deferred(), optionsForClientTLS(server.host)
    factory = ESMTPSenderFactory(
        server.user and server.user.encode(),
        server.password and server.password.encode(),
        letter.sender,
        letter.recipients,
        BytesIO(message),
        done,
        retries=0,
        timeout=TIMEOUT,
        requireAuthentication=server.user is not None,
        requireTransportSecurity=server.is_upgraded,
        contextFactory=tls if server.is_upgraded else None,
        hostname=server.host,
    )
    if server.is_implicit:
        reactor.connectSSL(server.host, server.port, factory, tls)
    else:
        reactor.connectTCP(server.host, server.port, factory)
    return done


SENDERS: dict[str, Callable[[Letter, Server], None]] = {
    "smtplib": by_smtplib,
    "aiosmtplib": by_aiosmtplib,
    "Django": by_django,
    "Flask-Mail": by_flask_mail,
    "Flask-Mailman": by_flask_mailman,
    "FastAPI-Mail": by_fastapi_mail,
    "redmail": by_redmail,
    "yagmail": by_yagmail,
    "python-emails": by_emails,
    "envelope": by_envelope,
    "apprise": by_apprise,
    "Twisted": by_twisted,
}


@pytest.fixture(scope="module", autouse=True)
def _reactor() -> Iterator[None]:
    """Twisted's reactor, which runs once in a process."""
    thread = Thread(target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True)
    thread.start()
    yield
    reactor.callFromThread(reactor.stop)
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_a_letter_arrives_as_it_was_sent(
    client: str,
    number: int,
    letter: Letter,
    server: Server,
    row: dict[str, list[str]],
    assert_arrived: Callable[..., Message],
) -> None:
    SENDERS[client](letter, server)

    message = assert_arrived(number, lacks=tuple(row.get("lacks", ())))
    assert message.host == HOST


@pytest.mark.by_numbers(465, 587)
def test_it_checks_certificates_as_the_table_says(
    client: str, number: int, letter: Letter, server: Server, row: dict[str, dict[str, str]], smtpports: SMTPPorts
) -> None:
    how, by_default = row["ports"][str(number)], replace(server, context=None)

    if how != "checked":
        with pytest.raises(AssertionError, match=r"^Certificates that prove nothing were accepted:"):
            smtpports.assert_verifies_certificate(partial(SENDERS[client], letter, by_default))
    if how != "unchecked":
        smtpports.assert_verifies_certificate(partial(SENDERS[client], letter, server))
