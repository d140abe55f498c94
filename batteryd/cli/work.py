"""The commands about work orders: what each is called and what it takes.

What they write goes into the ledger that the daemon uses too. The daemon notices it in its next
cycle, and from then on checks what has a GO again on every reading.
"""

import getpass
from pathlib import Path

from batteryd.cli.frame import CONFIG, JSON, Command, argument
from batteryd.cli.work_calendar import work_import
from batteryd.cli.work_common import instant_of, name_of
from batteryd.cli.work_moves import work_check, work_close, work_start
from batteryd.cli.work_paper import work_accept_risk, work_attest, work_open
from batteryd.cli.work_views import work_list, work_show
from batteryd.domain.work import AttestationKind, WorkKind

_ORDER = argument("order", metavar="WO", help="the work order, as work list shows it")
_BY = argument(
    "--by", default=getpass.getuser(), type=name_of, metavar="NAME",
    help="who does it (default: you)",
)  # fmt: skip

COMMANDS = (
    Command(("work", "open"), work_open, (
        argument("--kind", required=True, choices=[kind.value for kind in WorkKind],
                 help="what is going to be done; what has to be true before differs by it"),
        argument("--battery", action="append", default=[], metavar="ID",
                 help="a battery that is worked on; may be repeated"),
        argument("--dc-bus", action="append", default=[], metavar="ID",
                 help="all batteries on a DC bus; may be repeated"),
        argument("--room", action="append", default=[], metavar="ID",
                 help="all batteries in a room; may be repeated"),
        argument("--from", dest="starts_at_s", required=True, type=instant_of, metavar="ISO",
                 help="the planned beginning, with its offset: 2025-09-26T19:30+09:00"),
        argument("--to", dest="ends_at_s", required=True, type=instant_of, metavar="ISO",
                 help="the planned end, with its offset"),
        argument("--person", nargs="+", action="extend", default=[], metavar="NAME",
                 help="everybody who will be there; a change pages them"),
        argument("--title", default="", help="the work in a few words"),
        argument("--contractor", default="", metavar="FIRM", help="the firm that does it"),
        _BY, CONFIG, JSON,
    )),
    Command(("work", "check"), work_check, (
        argument("order", nargs="?", metavar="WO", help="the work order, as work list shows it"),
        argument("--case", type=Path, metavar="FILE",
                 help="decide on the facts in a file instead: what-if, training, tests"),
        _BY, CONFIG, JSON,
    )),
    Command(("work", "attest"), work_attest, (
        _ORDER,
        argument("--kind", required=True, choices=[kind.value for kind in AttestationKind],
                 help="what is attested"),
        argument("--by", required=True, metavar="NAME", help="the person who says so"),
        argument("--person", nargs="+", action="extend", default=[], metavar="NAME",
                 help="of a briefing: everybody who was there"),
        argument("--battery", metavar="ID", help="where it is about one battery"),
        argument("--service", metavar="NAME", help="where it is about one service"),
        argument("--value", type=float, metavar="V", help="what the meter showed, in volts"),
        argument("--comment", default="", help="what there is to say about it"),
        CONFIG, JSON,
    )),
    Command(("work", "accept-risk"), work_accept_risk, (
        _ORDER,
        argument("--code", required=True, metavar="PW-01", help="the hold: PW-01 or PW-02"),
        argument("--by", required=True, action="append", metavar="NAME",
                 help="who takes the risk; two different people, so twice"),
        argument("--until", dest="expires_at_s", required=True, type=instant_of, metavar="ISO",
                 help="when the acceptance ends, with its offset"),
        argument("--reason", required=True, help="why the risk is taken"),
        CONFIG, JSON,
    )),
    Command(("work", "start"), work_start, (_ORDER, _BY, CONFIG, JSON)),
    Command(("work", "close"), work_close, (
        _ORDER,
        argument("--abandon", action="store_true", help="the work never began"),
        _BY, CONFIG, JSON,
    )),
    Command(("work", "list"), work_list, (
        argument("--all", action="store_true", help="closed ones too"),
        CONFIG, JSON,
    )),
    Command(("work", "show"), work_show, (_ORDER, CONFIG, JSON)),
    Command(("work", "import"), work_import, (
        argument("file", type=Path, help="a calendar, iCalendar (.ics)"),
        argument("--dry-run", action="store_true", help="show what would change, change nothing"),
        _BY, CONFIG, JSON,
    )),
)  # fmt: skip
