"""What one source says of batteries: a file, an inventory, a system such as NetBox.

Who entered and who approved an entry is what its row says; where the row says nothing, it is the
person who brought the source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from batteryd.domain.inventory import Battery
from batteryd.domain.register import RegisterEntry


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """Batteries as a source writes them."""

    batteries: Mapping[str, Battery]  # by asset id, in its order
    site_of_room: Mapping[str, str]
    name: str  # path of the file, or address of the system
    sha256: str

    def entries(
        self, *, day: date, entered_by: str, approved_by: str | None = None
    ) -> dict[str, RegisterEntry]:
        """Return what the source says as entries that count from a day on, by asset id."""
        return {
            asset_id: RegisterEntry(
                battery=battery,
                effective_on=day,
                source=self.name,
                source_sha256=self.sha256,
                entered_by=battery.warranty.entered_by or entered_by,
                approved_by=battery.warranty.approved_by or approved_by,
                site_id=self.site_of_room[battery.room_id],
            )
            for asset_id, battery in self.batteries.items()
        }
