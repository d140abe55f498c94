"""A schedule of the running daemon: the files, the signature, and the mail that a reader opens."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from batteryd.clock import ScaledClock
from batteryd.report.verify import verify
from batteryd.store.ledger import Ledger
from batteryd.store.signing import key_path, load_public
from simulators.room import SimulatedRoom
from simulators.scenario import find_scenario
from tests.simulated import rack_profile
from tests.sites import DaemonSite, wait_until

pytestmark = pytest.mark.wire

NOTIFY = """
[channel.log]
kind = "log"

[channel.auditors]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "batteryd@dc.example.org"
recipients = ["auditor@example.org"]

[[route]]
channels = ["log"]
"""

SCHEDULE = """
[schedule.monthly]
when = "0 6 1 * *"
time_zone = "Asia/Seoul"
formats = ["csv", "xlsx", "pdf"]
mail = "auditors"
"""


class Mailbox:
    """Keeps every mail."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"


class FreePortController(Controller):
    """Connects to the port which the system chose, not to port 0."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    controller = FreePortController(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def quiet_room() -> Iterator[SimulatedRoom]:
    """A room whose devices answer for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    scenario = find_scenario("quiet")
    clock = ScaledClock(start_s=scenario.start_s(now_s=1_764_072_000.0), rate=1)
    room = SimulatedRoom(scenario, profile=rack_profile(), clock=clock)
    try:
        asyncio.run_coroutine_threadsafe(room.start(), loop).result(timeout=20)
        yield room
    finally:
        asyncio.run_coroutine_threadsafe(room.stop(), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_report_that_was_missed_is_made_signed_and_mailed_at_the_next_start(
    tmp_path: Path,
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port, quiet_room() as room:
        site = DaemonSite(tmp_path, room, notify=NOTIFY.format(port=port))
        with (tmp_path / "batteryd.toml").open("a") as file:
            file.write(SCHEDULE)
        # The daemon knew of the schedule long ago, and was away on the first of the month.
        site.state.mkdir()
        with closing(Ledger(site.state / "ledger.db")) as ledger, ledger.transaction(0.0) as tx:
            tx.put_meta("schedule monthly known since", "0.0")

        site.start()
        try:
            wait_until(lambda: bool(mailbox.messages), timeout_s=30, what=site.log)
        finally:
            site.stop()

    (message,) = mailbox.messages
    attached = {str(part.get_filename()) for part in message.iter_attachments()}
    (folder,) = (site.state / "reports").iterdir()
    on_disk = {path.name for path in folder.iterdir()}
    assert attached == on_disk
    assert {Path(name).suffix for name in on_disk} == {
        ".csv",
        ".xlsx",
        ".pdf",
        ".json",
        ".sig",
        ".pub",
    }
    key = load_public(key_path(site.state).with_suffix(".pub"))
    reports = [path for path in folder.iterdir() if path.suffix in (".csv", ".xlsx", ".pdf")]
    assert [verify(path, key=key).differences for path in reports] == [()] * 3
