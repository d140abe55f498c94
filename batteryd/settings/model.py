"""The settings: which sections `batteryd.toml` has, their keys, units, defaults and bounds.

This file is the document of record. `config/batteryd.toml` shows every key with its default and
`docs/configuration.md` explains it; tests hold both against what stands here.

Values are strict: `"30"` is no number and `1` is no truth. A secret `x` has a sibling `x_file`;
only the environment and such a file may carry it (see `secrets`).
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from apscheduler.triggers.cron import CronTrigger
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from batteryd.clearance.facts import ClearanceLimits
from batteryd.health.limits import HealthLimits
from batteryd.store.influx_target import InfluxApi, InfluxTarget
from batteryd.store.limits import GIB, JournalLimits

ENVIRONMENT_PREFIX = "BATTERYD_"
ENVIRONMENT_DELIMITER = "__"


def _loopback(host: str) -> str:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError("127.0.0.1, ::1 or localhost: the pages have no login, so they stay here")
    return host


def _ip_address(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(
            "an IP address of this machine, or 0.0.0.0 or :: for all of them"
        ) from None
    return host


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
        parts = urlsplit("")
    if not is_usable:
        raise ValueError("an address such as http://influx.example:8086")
    if parts.username or parts.password or parts.query:
        raise ValueError("an address without user, password or query; they have keys of their own")
    return url


def _crontab(text: str) -> str:
    try:
        CronTrigger.from_crontab(text, timezone="UTC")
    except ValueError as error:
        raise ValueError(f'five fields as in a crontab, such as "0 6 1 * *" ({error})') from None
    return text


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone such as Asia/Seoul or UTC")
    return name


Location = Annotated[Path, Strict(strict=False)]  # relative to the folder of batteryd.toml
Name = Annotated[str, Field(min_length=1, max_length=200)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0.05, le=3600)]
Days = Annotated[float, Field(ge=1, le=36_500)]
Gibibytes = Annotated[float, Field(ge=0.1, le=100_000)]
ScheduleName = Annotated[str, Field(pattern=r"^[\w-]{1,60}$")]  # part of the name of a folder
Percent = Annotated[float, Field(ge=0, le=100)]
Loopback = Annotated[str, AfterValidator(_loopback)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Section(BaseModel):
    """One table of `batteryd.toml`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Daemon(Section):
    """The process itself."""

    state_dir: Location = Path("/var/lib/batteryd")  # journal and ledger live here
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Files(Section):
    """Where the other files of the configuration are."""

    inventory: Location = Path("inventory.toml")  # or a register's .csv
    rules: Location = Path("rules.toml")
    notify: Location = Path("notify.toml")
    profiles: Location = Path("profiles")  # a folder; what it lacks comes with the package


class Poll(Section):
    """How devices are asked."""

    in_flight_max: Annotated[int, Field(ge=1, le=10_000)] = 4096  # devices being asked at a time
    deadline_s: Seconds = 8.0  # for one poll of one device, all its requests together
    modbus_timeout_s: Seconds = 1.0  # for one answer
    modbus_connect_timeout_s: Seconds = 3.0
    snmp_timeout_s: Seconds = 1.0  # for one answer
    snmp_engine: Literal["auto", "gufo", "pysnmp"] = "auto"  # auto: gufo where it is installed


class Traps(Section):
    """What devices send by themselves: a hint to poll them at once."""

    enabled: bool = False
    host: Annotated[str, AfterValidator(_ip_address)] = "0.0.0.0"  # noqa: S104  devices are anywhere
    port: Port = 1162  # 162 takes a capability
    interval_s: Annotated[float, Field(ge=1, le=3600)] = (
        10.0  # between two hinted polls of an asset
    )


class Journal(Section):
    """The embedded time series: how often it commits, how long and how much it keeps."""

    commit_interval_s: Seconds = 0.5  # what a power failure may cost at most
    raw_days: Days = 35.0  # every reading; rules made after battery fires ask for a month
    minute_days: Days = 180.0
    hour_days: Days = 3660.0  # ten years, as long as a warranty runs
    size_gib_max: Gibibytes = 20.0
    reserve_gib: Gibibytes = 0.5  # left free on the disk for the ledger, which must not starve

    @model_validator(mode="after")
    def _coarser_is_kept_longer(self) -> Self:
        if not self.raw_days <= self.minute_days <= self.hour_days:
            raise ValueError("raw_days <= minute_days <= hour_days")
        return self

    @property
    def limits(self) -> JournalLimits:
        """What retention holds to."""
        return JournalLimits(
            raw_days=self.raw_days,
            minute_days=self.minute_days,
            hour_days=self.hour_days,
            size_bytes_max=int(self.size_gib_max * GIB),
            reserve_bytes=int(self.reserve_gib * GIB),
        )


class Influx(Section):
    """The database that follows the journal."""

    enabled: bool = False
    url: HttpUrl = "http://127.0.0.1:8086"
    version: Literal[1, 2] = 2  # 2 also speaks to InfluxDB 3 and to VictoriaMetrics
    org: str = ""  # version 2
    bucket: Name = "batteryd"  # with version 1: the database
    token: SecretStr | None = None  # version 2
    token_file: Name | None = None
    username: Name | None = None  # version 1
    password: SecretStr | None = None
    password_file: Name | None = None
    ca_file: Location | None = None  # where the server's certificate is signed by a CA of your own
    timeout_s: Seconds = 10.0

    @model_validator(mode="after")
    def _fits_its_version(self) -> Self:
        has_password = self.password is not None or self.password_file is not None
        has_token = self.token is not None or self.token_file is not None
        if (self.username is not None) != has_password:
            raise ValueError("username and password_file together, or neither")
        if self.version == 1 and has_token:
            raise ValueError("username and password_file, as token_file is for version 2")
        if self.version == 2 and has_password:
            raise ValueError("token_file, as username and password_file are for version 1")
        return self

    @property
    def target(self) -> InfluxTarget:
        """Where the follower writes."""
        return InfluxTarget(
            url=self.url,
            bucket=self.bucket,
            api=InfluxApi(str(self.version)),
            org=self.org,
            token=self.token,
            username=self.username,
            password=self.password,
            ca_file=self.ca_file,
            timeout_s=self.timeout_s,
        )


class Web(Section):
    """The pages."""

    enabled: bool = True
    host: Loopback = "127.0.0.1"
    port: Port = 8470  # 0 takes a free one


class Clearance(Section):
    """What has to be true before work starts: the numbers that the checks compare with."""

    soc_pct_max: Percent = 30.0  # where racks are moved, disconnected or replaced
    soc_margin_pct: Percent = 10.0  # what a reported SOC may be off
    current_a_max: Annotated[float, Field(ge=0, le=100)] = 1.0  # either way: "about 0"
    bus_voltage_v_max: Annotated[float, Field(ge=0, le=60)] = 5.0  # "no voltage"
    stale_after_s: Annotated[float, Field(ge=1, le=60)] = 60.0  # an older reading proves nothing
    alarm_lookback_h: Annotated[float, Field(ge=24, le=720)] = 24.0
    absence_valid_h: Annotated[float, Field(ge=0.1, le=24)] = 12.0  # of a reading by hand
    go_valid_h: Annotated[float, Field(ge=0.1, le=24)] = 8.0
    soc_rise_pct_max: Annotated[float, Field(ge=0, le=10)] = 2.0  # since the GO
    temperature_rise_k_max: Annotated[float, Field(ge=0.5, le=20)] = 3.0  # since the GO
    poll_interval_s_min: Annotated[float, Field(ge=1, le=60)] = 2.0  # while work is going on

    @property
    def limits(self) -> ClearanceLimits:
        """What the checks take."""
        return ClearanceLimits(
            soc_pct_max=self.soc_pct_max,
            soc_margin_pct=self.soc_margin_pct,
            current_a_max=self.current_a_max,
            bus_voltage_v_max=self.bus_voltage_v_max,
            stale_after_s=self.stale_after_s,
            alarm_lookback_s=self.alarm_lookback_h * 3600,
            absence_valid_s=self.absence_valid_h * 3600,
            go_valid_s=self.go_valid_h * 3600,
            soc_rise_pct_max=self.soc_rise_pct_max,
            temperature_rise_k_max=self.temperature_rise_k_max,
        )


class Health(Section):
    """What counts as a measurement of a battery's health."""

    resistance_step_c_min: Annotated[float, Field(ge=0.05, le=5)] = 0.2
    resistance_soc_pct_min: Percent = 50.0  # as reported
    resistance_kj_per_mol: Annotated[float, Field(ge=0, le=100)] | None = None  # by chemistry
    capacity_depth_pct_min: Annotated[float, Field(ge=30, le=100)] = 60.0  # points of charge
    capacity_rest_s: Annotated[float, Field(ge=300, le=36_000)] = 1800.0  # at either end
    current_uncertainty_pct: Annotated[float, Field(ge=0.1, le=20)] = 1.0  # of the devices' sensors
    end_of_life_pct: Annotated[float, Field(ge=30, le=95)] = 80.0  # of the rated capacity

    @property
    def limits(self) -> HealthLimits:
        """What the measurements take."""
        return HealthLimits(
            resistance_step_c_min=self.resistance_step_c_min,
            resistance_soc_pct_min=self.resistance_soc_pct_min,
            resistance_kj_per_mol=self.resistance_kj_per_mol,
            capacity_depth_pct_min=self.capacity_depth_pct_min,
            capacity_rest_s=self.capacity_rest_s,
            current_uncertainty_pct=self.current_uncertainty_pct,
            end_of_life_pct=self.end_of_life_pct,
        )


class Audit(Section):
    """The ledger's signed checkpoints."""

    checkpoint_interval_s: Annotated[float, Field(ge=10, le=86_400)] = 600.0
    anchor_file: Location | None = None  # elsewhere: a mount of another machine


class Schedule(Section):
    """A report that is made again and again."""

    report: Literal["warranty"] = "warranty"
    when: Annotated[str, AfterValidator(_crontab)] = "0 6 1 * *"  # 06:00 on the first of the month
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"  # of `when` and of its as-of day
    formats: Annotated[
        tuple[Literal["csv", "json", "xlsx", "pdf"], ...], Field(strict=False, min_length=1)
    ] = ("csv", "pdf")
    folder: Location | None = None  # default: reports/ in the state directory
    kept_max: Annotated[int, Field(ge=1, le=10_000)] = 120  # reports; the oldest go first
    mail: Name | None = None  # a channel of kind smtp in notify.toml


class Credential(Section):
    """What an SNMP agent wants to hear. The inventory names it, so that no address holds it."""

    version: Literal["1", "2c", "3"] = "2c"
    community: SecretStr | None = None
    community_file: Name | None = None
    user: Annotated[str, Field(min_length=1, max_length=32)] | None = None  # as long as SNMP has it
    auth_protocol: Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"] | None = None
    auth_password: SecretStr | None = None
    auth_password_file: Name | None = None
    privacy_protocol: (
        Literal["DES", "3DES", "AES128", "AES192", "AES256", "AES192C", "AES256C"] | None
    ) = None
    privacy_password: SecretStr | None = None
    privacy_password_file: Name | None = None
    context_name: str = ""

    @model_validator(mode="after")
    def _fits_its_version(self) -> Self:
        has_community = self.community is not None or self.community_file is not None
        has_auth = self.auth_password is not None or self.auth_password_file is not None
        has_privacy = self.privacy_password is not None or self.privacy_password_file is not None
        if self.version != "3" and (not has_community or self.user is not None):
            raise ValueError("community_file, and no user, with version 1 or 2c")
        if self.version == "3" and (self.user is None or has_community):
            raise ValueError("user, and no community, with version 3")
        if (self.auth_protocol is not None) != has_auth:
            raise ValueError("auth_protocol and auth_password_file together, or neither")
        if (self.privacy_protocol is not None) != has_privacy:
            raise ValueError("privacy_protocol and privacy_password_file together, or neither")
        if has_privacy and not has_auth:
            raise ValueError("auth_protocol as well: SNMP has no privacy without authentication")
        return self


class Settings(BaseSettings):
    """All of `batteryd.toml`, environment included."""

    model_config = SettingsConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=ENVIRONMENT_DELIMITER,
    )

    daemon: Daemon = Daemon()
    files: Files = Files()
    poll: Poll = Poll()
    traps: Traps = Traps()
    journal: Journal = Journal()
    influx: Influx = Influx()
    web: Web = Web()
    clearance: Clearance = Clearance()
    health: Health = Health()
    audit: Audit = Audit()
    schedule: dict[ScheduleName, Schedule] = {}
    credentials: dict[str, Credential] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else: `settings_file` has merged the sources."""
        return (init_settings,)
