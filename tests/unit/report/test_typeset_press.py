"""The press and its type: one face for almost everything, and no box that nobody is told of."""

import io
import json
import sys

import pytest
import typst

from batteryd.report import press
from batteryd.report.fonts import FACE, choose_type
from tests.papers import text_of

JOB = {
    "template": "page",
    "data": {"head": {"title": "", "subject": "", "as_of": "", "version": ""}},
    "at_s": 0,
}


class Pipe:
    """A standard stream of bytes."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)


def test_what_names_are_made_of_needs_no_font_of_the_machine() -> None:
    chosen = choose_type("5층 전산실 大田 Köhler – 40 °C ≥ 3.65 V\n\t\u200b\u00a0")

    assert chosen.faces == (FACE,)
    assert chosen.missing == ()


def test_a_character_that_nobody_can_draw_is_named_once() -> None:
    assert choose_type("a\ue123b\ue123").missing == ("\ue123",)


def test_a_character_of_another_script_takes_a_face_of_the_machine() -> None:
    if "DejaVu Sans" not in typst.Fonts().families():
        pytest.skip("DejaVu Sans is not installed")

    chosen = choose_type("Կ")  # an Armenian letter, which Noto Sans KR lacks

    assert chosen.missing == ()
    assert chosen.faces[0] == FACE
    assert len(chosen.faces) == 2


def test_the_press_reads_a_job_and_writes_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Pipe()
    monkeypatch.setattr(sys, "stdin", Pipe(json.dumps(JOB).encode()))
    monkeypatch.setattr(sys, "stdout", out)

    assert press.main() == 0
    assert out.buffer.getvalue().startswith(b"%PDF")
    assert text_of(out.buffer.getvalue()) == ""


def test_the_press_says_on_standard_error_what_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe(json.dumps({**JOB, "template": "permit"}).encode()))

    assert press.main() == 1
    assert 'key "decision"' in capsys.readouterr().err
