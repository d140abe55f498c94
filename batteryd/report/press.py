"""The press: a process of its own that sets one document in type and ends.

Typst keeps what it has laid out for the next time, which a daemon that prints once a month never
has: a register of 5,000 batteries leaves 300 MB behind at every printing. A process that ends gives
it all back, can be stopped when it takes too long, and keeps no thread of the daemon waiting.

It reads one job from standard input, writes the PDF to standard output, and says what is wrong on
standard error. A job is JSON (see `Job`). Nothing in it becomes Typst source: templates are files
of this package, and data reaches them as a file `data.json` that exists in memory only.
"""

import base64
import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import NotRequired, TypedDict

import typst

from batteryd.report.fonts import choose_type

_TEMPLATES = files("batteryd.report") / "templates"
_SHARED = ("page.typ",)


class Job(TypedDict):
    """What the press is given."""

    template: str  # the name of a file in templates/, without its ending
    data: dict[str, object]  # as the template wants it
    at_s: int  # the document's own date; the PDF knows no other
    images: NotRequired[dict[str, str]]  # file name -> bytes in base64
    is_tagged: NotRequired[bool]  # structure for screen readers; costs 2 kB a table row


def main() -> int:
    """Print the job on standard input."""
    job: Job = json.load(sys.stdin.buffer)
    try:
        pdf = print_job(job)
    except typst.TypstError as error:
        sys.stderr.write(f"{error.message}\n{error.diagnostic}\n")
        return 1
    sys.stdout.buffer.write(pdf)
    return 0


def print_job(job: Job) -> bytes:
    """Return the PDF of a job.

    Raises:
        typst.TypstError: template and data do not fit.
    """
    chosen = choose_type(set(_characters_in(job["data"])))
    data = {
        **job["data"],
        "faces": chosen.faces,
        "missing": [f"U+{ord(character):04X}" for character in chosen.missing],
    }
    sources = {name: (_TEMPLATES / name).read_bytes() for name in _SHARED}
    sources["main"] = (_TEMPLATES / f"{job['template']}.typ").read_bytes()
    sources["data.json"] = json.dumps(data, ensure_ascii=False).encode(errors="replace")
    for name, encoded in job.get("images", {}).items():
        sources[name] = base64.b64decode(encoded)
    compiler = typst.Compiler(sources, font_paths=chosen.fonts)  # type: ignore[type-var]  # a mapping of files is an input too
    pdf = compiler.compile(format="pdf", timestamp=job["at_s"], pdf_tags=job.get("is_tagged", True))
    if not isinstance(pdf, bytes):
        raise TypeError("typst returns a PDF as one piece of bytes")
    return pdf


def _characters_in(value: object) -> Iterator[str]:
    """Yield every character of every text in a JSON value; names of keys are not printed."""
    if isinstance(value, str):
        yield from value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _characters_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _characters_in(inner)


if __name__ == "__main__":
    sys.exit(main())
