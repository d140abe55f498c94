"""Commands; errors become exit codes."""


def main() -> int:
    """Run a command."""
    return 2
