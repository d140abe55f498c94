"""Tells by mail: one message a notification or report, through a server that relays for us.

The Message-ID is made from the idempotency key, so a message that was sent twice is shown once. All
messages of one alarm, from its beginning to its end, refer to the same (never sent) parent, so mail
programs show the end below the beginning; the same alarm next month is a thread of its own.

smtplib blocks, so a conversation runs in a thread. It is a daemon thread: a mail server that hangs
must not keep the daemon from stopping. A 4xx reply and a lost connection may be better later; a 5xx
reply is final.
"""

import asyncio
import concurrent.futures
import hashlib
import mimetypes
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from types import MappingProxyType
from typing import Any

from batteryd.domain.made_report import FileMail
from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.channel_settings import SmtpSettings
from batteryd.notify.secrets import Secrets
from batteryd.notify.template import TextTemplate, context_of

_PORTS = MappingProxyType({"starttls": 587, "tls": 465, "none": 25})
_ANY_FILE = "application/octet-stream"
ATTACHED_BYTES_MAX = 20 * 1024 * 1024  # of all files of a mail; many servers take no more than 25
_CONVERSATIONS_MAX = 4  # including those that nobody waits for any more


class SmtpChannel:
    """Sends each notification as one mail to all recipients."""

    def __init__(self, settings: SmtpSettings, *, secrets: Secrets) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            OSError: `ca_file` cannot be read.
        """
        self._settings = settings
        self._secrets = secrets
        self._subject = TextTemplate(settings.subject)
        self._text = TextTemplate(settings.text)
        self._password = TextTemplate(settings.password or "")
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._seats = threading.BoundedSemaphore(_CONVERSATIONS_MAX)

    async def send(self, notification: Notification) -> None:
        """Hand the mail to the server.

        Raises:
            DeliveryError: as the module says.
        """
        context = context_of(notification, secrets=self._secrets.revealed())
        await self._send(lambda: self._message(notification, context), context)

    async def send_files(self, mail: FileMail) -> None:
        """Hand over a mail with files.

        Raises:
            DeliveryError: as the module says; permanent where a file is gone or they are too large.
        """
        context = {"secret": self._secrets.revealed()}
        await self._send(lambda: self._mail(mail), context)

    async def close(self) -> None:
        """Nothing stays open between two mails."""

    async def _send(self, build: Callable[[], EmailMessage], context: Mapping[str, Any]) -> None:
        try:
            message = await asyncio.to_thread(build)  # it may read large files
            password = self._password.render(context)
            await _in_daemon_thread(lambda: self._converse(message, password), seats=self._seats)
        except DeliveryError as error:
            failure = self._secrets.scrubbed(error)
        else:
            return
        raise failure  # here, so that the error with the secrets is not its context

    def _mail(self, mail: FileMail) -> EmailMessage:
        message = self._headed(mail.key, subject=mail.subject, at_s=mail.at_s)
        message.set_content(mail.text)
        bytes_left = ATTACHED_BYTES_MAX
        for path in map(Path, mail.files):
            content = _content(path)
            bytes_left -= len(content)
            if bytes_left < 0:
                raise DeliveryError(f"{path.name}: too large to be mailed", permanent=True)
            kind, _, subtype = (mimetypes.guess_type(path.name)[0] or _ANY_FILE).partition("/")
            charset = {"charset": "utf-8"} if kind == "text" else {}  # as all our files are
            message.add_attachment(
                content, maintype=kind, subtype=subtype, filename=path.name, params=charset
            )
        return message

    def _message(self, notification: Notification, context: dict[str, Any]) -> EmailMessage:
        domain = self._settings.sender.partition("@")[2]
        thread = f"{notification.dedup_key}@{notification.body.get('since_s')}"
        message = self._headed(
            notification.idempotency_key,
            subject=self._subject.render(context),
            at_s=notification.created_at_s,
        )
        message["In-Reply-To"] = message["References"] = _message_id(thread, domain=domain)
        message.set_content(self._text.render(context))
        return message

    def _headed(self, key: str, *, subject: str, at_s: float) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = ", ".join(self._settings.recipients)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = formatdate(at_s, usegmt=True)
        message["Message-ID"] = _message_id(key, domain=self._settings.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
        return message

    def _converse(self, message: EmailMessage, password: str) -> None:
        try:
            server = self._connected()
            try:
                refused = self._hand_over(server, message, password=password)
            finally:
                server.close()
        except (smtplib.SMTPException, OSError) as error:
            raise _failure(error) from error
        if refused:  # the other recipients have it
            raise _failure(smtplib.SMTPRecipientsRefused(refused))

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        port = settings.port or _PORTS[settings.security]
        name = socket.gethostname()  # smtplib would ask the DNS, which may be slow or not there
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                settings.host, port, name, timeout=settings.timeout_s, context=self._tls
            )
        return smtplib.SMTP(settings.host, port, name, timeout=settings.timeout_s)

    def _hand_over(
        self, server: smtplib.SMTP, message: EmailMessage, *, password: str
    ) -> dict[str, tuple[int, bytes]]:
        if self._settings.security == "starttls":
            server.starttls(context=self._tls)
        if self._settings.username is not None:
            server.login(self._settings.username, password)
        refused = server.send_message(message)
        with suppress(smtplib.SMTPException, OSError):  # it was taken, however we part
            server.quit()
        return refused


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(ATTACHED_BYTES_MAX + 1)
    except OSError as error:
        raise DeliveryError(f"{path.name}: {error.strerror}", permanent=True) from error


def _message_id(text: str, *, domain: str) -> str:
    return f"<{hashlib.sha256(text.encode()).hexdigest()[:32]}@{domain}>"


def _failure(error: smtplib.SMTPException | OSError) -> DeliveryError:
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            replies = (_reply(c, text, of=to) for to, (c, text) in error.recipients.items())
            return DeliveryError("; ".join(replies), permanent=min(codes) >= 500)
        case smtplib.SMTPResponseException():
            reply = _reply(error.smtp_code, error.smtp_error, of=type(error).__name__)
            return DeliveryError(reply, permanent=error.smtp_code >= 500)
        case _:
            return DeliveryError(f"{type(error).__name__}: {error}", permanent=False)


def _reply(code: int, text: bytes | str, *, of: str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{of}: {code} {' '.join(words.split())}"


async def _in_daemon_thread(work: Callable[[], None], *, seats: threading.BoundedSemaphore) -> None:
    if not seats.acquire(blocking=False):
        raise DeliveryError("earlier conversations with the server still hang", permanent=False)
    done: concurrent.futures.Future[None] = concurrent.futures.Future()
    done.set_running_or_notify_cancel()  # whoever waits may leave; the future stays

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised again where somebody waits
            done.set_exception(error)
        else:
            done.set_result(None)
        finally:
            seats.release()

    threading.Thread(target=run, name="batteryd-smtp", daemon=True).start()
    await asyncio.wrap_future(done)
