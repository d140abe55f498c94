"""Mail to a real SMTP server on loopback, with and without TLS, that may refuse or hang."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from batteryd.domain.made_report import FileMail
from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.channel_settings import SmtpSettings
from batteryd.notify.channels.smtp import ATTACHED_BYTES_MAX, SmtpChannel
from batteryd.notify.sample import sample_notifications
from batteryd.notify.secrets import Secrets

pytestmark = pytest.mark.wire

HOT, RETURNED, SILENT, *_ = sample_notifications()
GROWN = replace(HOT, notification_id=9, event_id=9)


class Mailbox:
    """Takes mail, unless told what to reply to a recipient or to the message."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.reply_to_recipient: dict[str, str] = {}
        self.reply_to_message = "250 taken"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.reply_to_recipient.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.reply_to_message.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            message = message_from_bytes(content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
            self.recipients.append(list(envelope.rcpt_tos))
        return self.reply_to_message


class FreePortController(Controller):
    """A controller that connects to the port which the system chose, not to port 0."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def smtp_server(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    controller = FreePortController(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Accept, and then say nothing until the test is over."""
    accepted: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(
        lambda reader, writer: accepted.append(writer), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in accepted:
            writer.close()
            await writer.wait_closed()


def make_channel(port: int, *, secret: str = "", **table: Any) -> SmtpChannel:
    """Return a channel; the table lacks only what most tests are not about."""
    defaults: dict[str, Any] = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "batteryd@dc.example.org",
        "recipients": ["oncall@example.org"],
        "timeout_s": 2.0,
    }
    settings = SmtpSettings.model_validate(defaults | table)
    values = {name: SecretStr(secret) for name in settings.secret_names}
    return SmtpChannel(settings, secrets=Secrets(values, names=values))


async def send(port: int, notification: Notification = HOT, **table: Any) -> None:
    channel = make_channel(port, **table)
    await channel.send(notification)
    await channel.close()


async def failure_of(port: int, **table: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await send(port, **table)
    return failed.value


async def test_a_mail_says_it_all_in_the_readers_own_script() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        await send(port, recipients=["oncall@example.org", "facility@example.org"])

    (message,) = mailbox.messages
    assert mailbox.recipients == [["oncall@example.org", "facility@example.org"]]
    assert message["From"] == "batteryd@dc.example.org"
    assert message["To"] == "oncall@example.org, facility@example.org"
    assert "52.1 °C, limit 50 °C (대전 데이터센터, 5층 배터리실)" in message["Subject"]
    assert "Leave the room and call the fire service." in message.get_content()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == datetime(2025, 9, 26, 11, 16, 44, tzinfo=UTC)


async def test_subject_and_text_can_be_the_operators_own() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        await send(port, subject="{{ asset }}\n{{ rule }}", text="{{ why }}")

    (message,) = mailbox.messages
    assert message["Subject"] == "Rack 4 module_temperature"  # one line: no header of its own
    assert message.get_content().strip() == HOT.body["why"]


async def test_a_repeated_mail_has_the_same_message_id() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        await send(port, HOT)
        await send(port, replace(HOT, attempts=2))
        await send(port, GROWN)

    first, again, other = (m["Message-ID"] for m in mailbox.messages)
    assert first == again != other
    assert first.endswith("@dc.example.org>")


async def test_the_end_of_an_alarm_is_in_the_thread_of_its_beginning() -> None:
    since_s = HOT.body["since_s"]
    assert isinstance(since_s, float)
    next_month = replace(HOT, body={**HOT.body, "since_s": since_s + 2_592_000})
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        for notification in (HOT, GROWN, RETURNED, SILENT, next_month):
            await send(port, notification)

    beginning, growth, end, other_alarm, later = (m["References"] for m in mailbox.messages)
    assert beginning == growth == end
    assert len({beginning, other_alarm, later}) == 3
    assert [m["In-Reply-To"] for m in mailbox.messages] == [
        m["References"] for m in mailbox.messages
    ]


@pytest.mark.parametrize(
    ("reply", "is_permanent"),
    [
        ("421 4.3.2 going down", False),
        ("450 4.2.1 mailbox busy", False),
        ("451 4.7.1 greylisted", False),
        ("452 4.3.1 no space", False),
        ("550 5.7.1 not allowed", True),
        ("552 5.3.4 too large", True),
        ("554 5.7.1 looks like spam", True),
    ],
)
async def test_the_reply_says_whether_trying_again_can_help(reply: str, is_permanent: bool) -> None:
    mailbox = Mailbox()
    mailbox.reply_to_message = reply
    with smtp_server(mailbox) as port:
        failure = await failure_of(port)

    assert failure.permanent is is_permanent
    assert reply[:3] in str(failure)


@pytest.mark.parametrize(
    ("replies", "is_permanent"),
    [
        ({"a@example.org": "550 no such user", "b@example.org": "551 moved"}, True),
        ({"a@example.org": "550 no such user", "b@example.org": "450 busy"}, False),
        ({"a@example.org": "550 no such user"}, True),  # b has it
        ({"b@example.org": "450 busy"}, False),
    ],
)
async def test_nobody_is_forgotten_because_others_were_reached(
    replies: dict[str, str], is_permanent: bool
) -> None:
    mailbox = Mailbox()
    mailbox.reply_to_recipient = replies
    with smtp_server(mailbox) as port:
        failure = await failure_of(port, recipients=["a@example.org", "b@example.org"])

    assert failure.permanent is is_permanent
    for address in replies:
        assert address in str(failure)


async def test_a_report_is_mailed_with_its_files_under_their_names(tmp_path: Path) -> None:
    csv, pdf = tmp_path / "warranty.csv", tmp_path / "warranty.pdf"
    csv.write_text("asset_id,rack\nR1,랙 1\n", encoding="utf-8")
    pdf.write_bytes(b"%PDF-1.7 pages")
    mail = FileMail(
        "monthly#1", "Warranty report", "Attached.", (str(csv), str(pdf)), at_s=1_758_885_404.0
    )
    mailbox = Mailbox()

    with smtp_server(mailbox) as port:
        channel = make_channel(port)
        await channel.send_files(mail)
        await channel.send_files(mail)

    first, again = mailbox.messages
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Subject"] == "Warranty report"
    files = {part.get_filename(): part.get_content() for part in first.iter_attachments()}
    assert set(files) == {"warranty.csv", "warranty.pdf"}
    assert "랙 1" in files["warranty.csv"]
    assert files["warranty.pdf"] == b"%PDF-1.7 pages"


async def test_a_report_whose_file_is_gone_or_too_large_is_not_tried_again(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * (ATTACHED_BYTES_MAX + 1))
    channel = make_channel(1)

    for path, said in ((tmp_path / "gone.csv", "gone.csv"), (large, "too large")):
        with pytest.raises(DeliveryError, match=said) as failed:
            await channel.send_files(
                FileMail("monthly#1", "Report", "Attached.", (str(path),), at_s=0)
            )
        assert failed.value.permanent


async def test_nobody_listening_is_tried_again() -> None:
    with smtp_server(Mailbox()) as port:
        pass

    failure = await failure_of(port)

    assert not failure.permanent


async def test_a_server_that_hangs_is_tried_again_and_does_not_pile_up_conversations() -> None:
    async with silent_server() as port:
        channel = make_channel(port, timeout_s=0.3)
        failures = await asyncio.gather(
            *(channel.send(HOT) for _ in range(6)), return_exceptions=True
        )

    assert all(isinstance(f, DeliveryError) and not f.permanent for f in failures)
    assert sum("still hang" in str(f) for f in failures) == 2  # beyond the four seats


async def test_stopping_does_not_wait_for_a_server_that_hangs() -> None:
    async with silent_server() as port:
        sending = asyncio.create_task(make_channel(port, timeout_s=1.0).send(HOT))
        await asyncio.sleep(0.05)
        started_s = time.monotonic()

        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert time.monotonic() - started_s < 0.5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A certificate of our own for 127.0.0.1, and a server's TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    ca_file, key_file = folder / "ca.pem", folder / "key.pem"
    ca_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca_file, key_file)
    return SimpleNamespace(ca_file=str(ca_file), tls=tls)


def only(username: str, password: str) -> Callable[..., AuthResult]:
    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        right = given == LoginPassword(username.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    return authenticate


STARTTLS: dict[str, Any] = {
    "host": "localhost",
    "security": "starttls",
    "username": "batteryd",
    "password": "{{ secret.smtp_password }}",
}


async def test_starttls_and_a_log_in(certificate: SimpleNamespace) -> None:
    mailbox = Mailbox()
    authenticator = only("batteryd", "hunter2")
    with smtp_server(
        mailbox, tls_context=certificate.tls, auth_required=True, authenticator=authenticator
    ) as port:
        await send(port, secret="hunter2", ca_file=certificate.ca_file, **STARTTLS)

    assert len(mailbox.messages) == 1


async def test_tls_from_the_first_byte(certificate: SimpleNamespace) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, ssl_context=certificate.tls) as port:
        await send(port, host="localhost", security="tls", ca_file=certificate.ca_file)

    assert len(mailbox.messages) == 1


async def test_a_password_that_is_refused_appears_nowhere(
    certificate: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with smtp_server(
        Mailbox(), tls_context=certificate.tls, authenticator=only("batteryd", "right")
    ) as port:
        failure = await failure_of(port, secret="hunter2", ca_file=certificate.ca_file, **STARTTLS)

    assert failure.permanent  # 535: the operator must mend it, and the log says so
    assert "535" in str(failure)
    assert "hunter2" not in str(failure) + repr(failure.__context__)
    assert "hunter2" not in caplog.text


async def test_no_word_is_said_to_a_server_with_the_wrong_certificate(
    certificate: SimpleNamespace,
) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, tls_context=certificate.tls) as port:
        failure = await failure_of(port, secret="hunter2", **STARTTLS)  # not our CA

    assert not failure.permanent
    assert "certificate" in str(failure).lower()
    assert mailbox.messages == []


async def test_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        failure = await failure_of(port, secret="hunter2", **STARTTLS)

    assert not failure.permanent  # somebody may be in between; the next attempt may be clean
    assert mailbox.messages == []
