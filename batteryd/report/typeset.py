"""Documents that people read on paper: a template of ours and data make a PDF.

The layout is written in Typst (templates/*.typ); all words and numbers are decided in Python
before, so that they can be tested without looking at a page. Equal input gives equal bytes: a
document's date is given, not read, and its type comes with the package (see `fonts`). The setting
itself happens in a process of its own (see `press`).
"""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

import batteryd
from batteryd.errors import TypesettingError

_PRESS = (sys.executable, "-P", "-m", "batteryd.report.press")
_PRESS_TIMEOUT_S = 300.0  # a register at its bound takes a few seconds
_COMPLAINT_LENGTH_MAX = 2000

NO_IMAGES: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top and at the foot of every page."""

    title: str
    subject: str  # what the document is about: a site, a work order, a battery
    as_of: str  # in words, with its time zone
    at_s: float  # the document's date inside the PDF
    version: str = batteryd.__version__


def typeset(
    template: str,
    data: Mapping[str, object],
    *,
    head: Head,
    images: Mapping[str, bytes] = NO_IMAGES,
    is_tagged: bool = True,
) -> bytes:
    """Return the PDF of a template; `data` is JSON-able, and nothing in it is read as markup.

    `images` are files (SVG, PNG) by the name that the template uses. `is_tagged` adds the structure
    that screen readers want; it makes long tables ten times as large.

    Raises:
        TypesettingError: template and data do not fit, or it took too long.
    """
    job = {
        "template": template,
        "data": {**data, "head": asdict(head)},
        "at_s": int(head.at_s),
        "images": {name: base64.b64encode(image).decode() for name, image in images.items()},
        "is_tagged": is_tagged,
    }
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module, no word from outside
            _PRESS,
            input=json.dumps(job, allow_nan=False).encode(),
            capture_output=True,
            timeout=_PRESS_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TypesettingError(f"{template}: not set in {_PRESS_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or f"ended with {done.returncode}"
        raise TypesettingError(f"{template}: {said[-_COMPLAINT_LENGTH_MAX:]}")
    return done.stdout
