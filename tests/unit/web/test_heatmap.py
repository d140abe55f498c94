"""The heat map of a rack: colours that mean the same everywhere, shelves that fit."""

import pytest

from batteryd.web.cabinet import build_cabinet
from batteryd.web.heatmap import colour, draw
from batteryd.web.look import TemperatureScale
from tests.builders import NOON_S, make_snapshot
from tests.looks import SCALE, make_look


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [(5.0, "#407c96"), (20.0, "#407c96"), (50.0, "#c42c2c"), (90.0, "#c42c2c")],
)
def test_colours_end_at_both_ends_of_the_scale(temperature_c: float, expected: str) -> None:
    assert colour(temperature_c, SCALE) == expected


def test_the_same_colour_means_the_same_urgency_for_every_chemistry() -> None:
    assert colour(40.0, TemperatureScale(40, 50)) == colour(45.0, TemperatureScale(45, 55))
    assert colour(None, SCALE).startswith("url(")


def test_every_shelf_stays_inside_its_cabinet() -> None:
    look = make_look(make_snapshot())

    drawing = draw(build_cabinet(look, look.inventory.assets["rack-1"], now_s=NOON_S))

    assert len(drawing.blocks) == 3
    assert all(b.x + b.width <= drawing.width for b in drawing.blocks)
    assert all(b.y + b.height <= drawing.height for b in drawing.blocks)
