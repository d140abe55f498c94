"""Commands about the audit chain."""

import argparse

from batteryd.cli.frame import CONFIG, NO, OK, Command, complain, open_ledger


def audit_verify(arguments: argparse.Namespace) -> int:
    """Walk the audit chain and name the first entry that does not hold."""
    with open_ledger(arguments) as ledger:
        broken = ledger.verify()
    if broken is not None:
        return complain(f"the audit chain is broken: {broken}", NO)
    print("the audit chain holds")
    return OK


COMMANDS = (Command(("audit", "verify"), audit_verify, (CONFIG,)),)
