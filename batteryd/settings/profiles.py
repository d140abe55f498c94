"""Reads the device profiles: those beside `batteryd.toml` first, then those of the package."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from batteryd.devices.profile import Profile, completed, parse_profile
from batteryd.errors import ConfigError
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files, toml_of
from batteryd.settings.paths import packaged_config_dir, profile_files

Profiles = Mapping[str, Profile | None]  # None: known by its name, but its file is broken


def read_profiles(folder: Path, *, files: Files, collector: Collector) -> Profiles:
    """Return every profile by name; mistakes go to the collector."""
    packaged = packaged_config_dir() / "profiles"
    paths = {path.stem: path for path in profile_files(folder, packaged)}
    written: dict[str, Profile | None] = {
        name: collector.attempt(partial(_profile, path, files=files))
        for name, path in paths.items()
    }
    return {
        name: profile
        and collector.attempt(partial(completed, profile, known=written, file=str(paths[name])))
        for name, profile in written.items()
    }


def _profile(path: Path, *, files: Files) -> Profile:
    file = files.read(path)
    profile = parse_profile(toml_of(file), file=file.name)
    if profile.name != path.stem:
        raise ConfigError.one(path, "name", f'"{profile.name}"', f'"{path.stem}", as the file')
    return profile
