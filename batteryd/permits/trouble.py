"""What an alarm is about, as far as it matters before work.

An alarm says which quantity it judged; that decides, whatever the site calls its rules. Rules that
judge no quantity are known by name. An alarm of neither kind (a warranty, a full disk) says nothing
about the room. One about a sensor says that its place is not seen, not that anything is hot there:
a sensor that reads too much while its peers do not is told as its module.
"""

from types import MappingProxyType

from batteryd.clearance.facts import AlarmFacts, AlarmTrouble
from batteryd.domain.alarm import Alarm
from batteryd.domain.inventory import Inventory

BY_QUANTITY = MappingProxyType(
    {
        "temperature_c": AlarmTrouble.THERMAL,
        "ambient_temperature_c": AlarmTrouble.THERMAL,
        "module_temperature_c_min": AlarmTrouble.THERMAL,
        "module_temperature_c_max": AlarmTrouble.THERMAL,
        "module_temperature_c_mean": AlarmTrouble.THERMAL,
        "cell_voltage_v": AlarmTrouble.IMBALANCE,
        "cell_voltage_v_min": AlarmTrouble.IMBALANCE,
        "cell_voltage_v_max": AlarmTrouble.IMBALANCE,
        "cell_voltage_v_mean": AlarmTrouble.IMBALANCE,
        "insulation_kohm": AlarmTrouble.INSULATION,
        "gas_alarm": AlarmTrouble.GAS,
        "smoke_alarm": AlarmTrouble.GAS,
        "communication_lost": AlarmTrouble.COMMUNICATION,
        # Nobody knows what these are about, so they count as the worst.
        "battery_fault": AlarmTrouble.THERMAL,
        "bms_alarm_bits": AlarmTrouble.THERMAL,
        "bms_fault_bits": AlarmTrouble.THERMAL,
    }
)
BY_RULE = MappingProxyType(
    {
        "silence": AlarmTrouble.COMMUNICATION,
        "rule_failed": AlarmTrouble.THERMAL,  # what its rules would say is unknown: the worst
    }
)


def trouble_of(alarm: Alarm) -> AlarmTrouble | None:
    """Return what an alarm is about; None where it says nothing about the room."""
    if alarm.key.component.sensor is not None:
        return AlarmTrouble.COMMUNICATION
    return BY_QUANTITY.get(alarm.quantity) or BY_RULE.get(alarm.key.rule)


def alarm_facts(alarm: Alarm, *, inventory: Inventory) -> AlarmFacts | None:
    """Return an alarm as a fact. A shelved one too: work never mutes anything."""
    trouble = trouble_of(alarm)
    if trouble is None:
        return None
    return AlarmFacts(
        trouble=trouble,
        raised_at_s=alarm.raised_at_s,
        returned_at_s=None if alarm.is_active else alarm.returned_at_s,
        asset_id=alarm.key.asset_id,
        room_id=_room_of(alarm.key.asset_id, inventory=inventory),
        text=alarm.why,
    )


def _room_of(asset_id: str, *, inventory: Inventory) -> str | None:
    place = inventory.batteries.get(asset_id) or inventory.ups.get(asset_id)
    if place is not None:
        return place.room_id
    return asset_id if asset_id in inventory.rooms else None
