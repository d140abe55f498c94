"""Documents come out as they were written, the same each time, and say what they cannot print."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.errors import TypesettingError
from batteryd.report.permit_pdf import permit_pdf
from batteryd.report.typeset import Head, typeset
from tests.papers import ORDER, permit_view, text_of

# Everything that Typst would read as markup, code, a label, a reference or an escape.
HOSTILE = (
    '#rect() *b* _i_ $x$ <l> @ref `raw` \\u{41} "q" [c] {c} = h // no /* no */ ~ -- #eval("1")'
)


def with_title(title: str) -> bytes:
    return permit_pdf(permit_view(replace(ORDER, title=title)))


def test_names_in_hangul_and_latin_can_be_read_back() -> None:
    text = text_of(permit_pdf(permit_view()))

    assert "국가정보자원관리원 대전센터, 5F 전산실" in text
    assert "Anna Köhler" in text


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    text = text_of(with_title(HOSTILE))

    assert HOSTILE in text


def test_a_digest_breaks_in_its_column_and_can_still_be_searched_for() -> None:
    digest = "a3f1" * 40

    text = text_of(with_title(digest)).replace(" ", "")

    assert digest in text


def test_equal_input_gives_equal_bytes() -> None:
    assert permit_pdf(permit_view()) == permit_pdf(permit_view())


def test_the_only_date_in_a_document_is_the_one_that_was_given() -> None:
    pdf = permit_pdf(permit_view())

    assert b"D:20250926102600" in pdf


def test_a_document_says_which_characters_no_font_has() -> None:
    text = text_of(with_title("rack \ue123 of the tour"))  # a private character: nobody's glyph

    assert "has the characters U+E123" in text


def test_a_document_that_lacks_nothing_does_not_mention_fonts() -> None:
    assert "No font" not in text_of(permit_pdf(permit_view()))


def test_half_a_character_from_a_broken_name_does_not_stop_a_document() -> None:
    assert "rack ? left" in text_of(with_title("rack \udcff left"))


def test_data_that_does_not_fit_its_template_is_one_of_our_errors() -> None:
    head = Head(title="Work permit", subject="WO-7", as_of="today", at_s=0.0)

    with pytest.raises(TypesettingError, match=r"permit: .*decision"):
        typeset("permit", {}, head=head)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
def test_pdftotext_reads_hangul(tmp_path: Path) -> None:
    file = tmp_path / "permit.pdf"
    file.write_bytes(permit_pdf(permit_view()))

    read = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True
    ).stdout.decode()

    assert "한빛전력 주식회사" in read
    assert "Page 1 of 2" in read
