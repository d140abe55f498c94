"""Where a secret may come from: the environment, or a file that only batteryd can read.

A secret `x` of a section has a sibling `x_file`, the name of a file. One without a slash is looked
for in `$CREDENTIALS_DIRECTORY` (where systemd's `LoadCredential=` puts it) and then beside
`batteryd.toml`. Configuration files are read by many and kept in back-ups, so `x` itself is a
mistake there; the environment may set it, and then wins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretStr

from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import HIDDEN

SECRET_BYTES_MAX = 64 * 1024

_OTHERS = 0o007  # permission bits of those who are neither owner nor group

Section = TypeVar("Section", bound=BaseModel)


CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"  # set by systemd for units with LoadCredential=


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """The folders in which the files of secrets are looked for."""

    config_dir: Path
    credentials_dir: Path | None = None

    @classmethod
    def of(cls, config_dir: Path, *, environ: Mapping[str, str]) -> "SecretPlaces":
        """Return the folders of a configuration in an environment."""
        given = environ.get(CREDENTIALS_DIRECTORY)
        return cls(config_dir, Path(given) if given else None)

    def find(self, name: str) -> Path:
        """Return where a secret's file is, or ought to be."""
        if self.credentials_dir is not None and "/" not in name:
            handed_over = self.credentials_dir / name
            if handed_over.exists():
                return handed_over
        return self.config_dir / name


def secret_names(model: type[BaseModel]) -> Iterator[str]:
    """Yield the fields of a section that hold a secret."""
    for name, field in model.model_fields.items():
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation):
            yield name


def in_the_clear(
    table: Mapping[str, Any], *, model: type[BaseModel], file: str, key: str
) -> tuple[Mistake, ...]:
    """Return a mistake for every secret that stands in a configuration file itself."""
    return tuple(
        Mistake(
            file, f"{key}.{name}", HIDDEN, f"{name}_file, with the name of a file that holds it"
        )
        for name in secret_names(model)
        if name in table
    )


def read_secrets(section: Section, *, places: SecretPlaces, file: str, key: str) -> Section:
    """Return the section with its secrets read from their files.

    Raises:
        ConfigError: with every file that is missing, empty, too large or open to others.
    """
    wanted = {
        name: file_name
        for name in secret_names(type(section))
        if getattr(section, name) is None
        and (file_name := getattr(section, f"{name}_file")) is not None
    }
    key_template = f"{key}.{{}}_file"
    found = read_secret_files(wanted, places=places, file=file, key_template=key_template)
    return section.model_copy(update=dict(found))


def read_secret_files(
    wanted: Mapping[str, str], *, places: SecretPlaces, file: str, key_template: str
) -> Mapping[str, SecretStr]:
    """Return the secrets that files hold, by the names under which they are wanted.

    Raises:
        ConfigError: with every file that is missing, empty, too large or open to others.
    """
    found: dict[str, SecretStr] = {}
    mistakes: list[Mistake] = []
    for name, file_name in wanted.items():
        path = places.find(file_name)
        try:
            found[name] = _read(path)
        except ValueError as error:
            mistakes.append(Mistake(file, key_template.format(name), str(path), str(error)))
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return found


def _read(path: Path) -> SecretStr:
    try:
        mode = path.stat().st_mode & 0o777
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"a file that can be read ({error.strerror})") from None
    if mode & _OTHERS:
        raise ValueError(f"a file closed to others; its mode is {mode:04o}, chmod o= mends it")
    try:
        text = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("a file with text in UTF-8") from None
    if not text or len(content) > SECRET_BYTES_MAX:
        raise ValueError(f"a file with one secret, of 1 to {SECRET_BYTES_MAX} bytes")
    return SecretStr(text)
