"""How far each value of a device can be trusted: everything that needs more than the value itself.

    decoding     reserved numbers, disguises, plausible ranges   (`arithmetic`, `quality_reserved`)
    one reading  numbers against flags                           (`quality_contradictions`)
                 nothing but zeroes                              (`quality_zeros`)
    two polls    jumps that nobody confirmed yet                 (`quality_jumps`)
    hours        sensors that stand still                        (`quality_frozen`)

Decoding ends in good or bad. What is found here is uncertain: the value keeps its number and people
see it with the reason, but no alarm is raised or returned by it and no gate is opened. Doubts come
in this order, the first one stays, and a doubted value is never what later ones are compared with.
"""

from batteryd.devices.link import RawReading
from batteryd.devices.quality_contradictions import contradictions_of
from batteryd.devices.quality_frozen import Frozen
from batteryd.devices.quality_jumps import Jumps
from batteryd.devices.quality_zeros import Zeros
from batteryd.domain.snapshot import EMPTY_LAYOUT, Layout


class QualityWatch:
    """What is remembered of one device to judge its readings."""

    def __init__(self) -> None:
        self._remember(EMPTY_LAYOUT)

    def judge(self, reading: RawReading, *, layout: Layout, at_s: float) -> None:
        """Lower the quality of values that cannot be trusted, in place.

        Args:
            reading: fresh from decoding.
            layout: of the reading; another one than before is another device, or one that shows
                more rows: what was remembered is forgotten.
            at_s: seconds that never run backwards.
        """
        if layout is not self._layout:
            self._remember(layout)
        values, quality = reading
        self._contradictions.mark(values, quality)
        self._zeros.mark(values, quality)
        self._jumps.mark(values, quality, at_s=at_s)
        self._frozen.mark(values, quality, at_s=at_s)

    def _remember(self, layout: Layout) -> None:
        self._layout = layout
        self._contradictions = contradictions_of(layout)
        self._zeros = Zeros(layout)
        self._jumps = Jumps(layout)
        self._frozen = Frozen(layout)
