"""The command that packs the evidence of a battery."""

import argparse
import io
from typing import TYPE_CHECKING

from batteryd.cli.frame import CONFIG, OK, Command, argument, complain
from batteryd.cli.output import OUTPUT, signer_in, write_file
from batteryd.cli.work_common import desk, instant_of
from batteryd.errors import ConfigError
from batteryd.mistakes import unknown_text

if TYPE_CHECKING:
    from batteryd.cli.work_common import Desk


def report_evidence(arguments: argparse.Namespace) -> int:
    """Pack everything that was recorded about a battery into a signed zip archive."""
    import getpass

    from batteryd.cli.evidence_gather import gather
    from batteryd.report.evidence_zip import write_evidence

    with desk(arguments) as at:
        _require_known(at, arguments.asset)
        evidence = gather(at, arguments.asset, since_s=arguments.since_s)
        signer = signer_in(at.configuration.settings.daemon.state_dir)
    archive = io.BytesIO()
    write_evidence(evidence, archive, made_by=getpass.getuser(), signer=signer)
    write_file(arguments.output, archive.getvalue())
    print(arguments.output)
    if signer is None:
        complain("not signed: the daemon makes the key when it first starts", OK)
    return OK


def _require_known(at: "Desk", asset_id: str) -> None:
    from batteryd.store.records import REGISTER

    if asset_id in at.inventory.batteries or at.ledger.records.history(REGISTER, asset_id):
        return
    known = at.inventory.batteries
    raise ConfigError.one(
        "report evidence", "asset", asset_id, unknown_text("battery", asset_id, known=known)
    )


COMMANDS = (
    Command(("report", "evidence"), report_evidence, (
        argument("asset", metavar="BATTERY", help="the battery's id in the register"),
        OUTPUT,
        argument("--since", dest="since_s", type=instant_of, metavar="ISO",
                 help="trends from here on, with its offset (default: all that is kept)"),
        CONFIG,
    )),
)  # fmt: skip
