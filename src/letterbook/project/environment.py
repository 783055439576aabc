"""The environment variables Letterbook reads; `NAME_FILE` reads a value from a file. Reading never acts."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


class BadSetting(Exception):
    """A setting cannot be used; the message names it and the way out."""


def read(name: str, default: str = "") -> str:
    """Return a setting's value, from `NAME` or from the file that `NAME_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(
            f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        ) from error


def read_flag(name: str, *, default: bool = False) -> bool:
    """Return a yes/no setting; anything that is neither is an error."""
    value = read(name).strip().lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name} is {value!r}; it must be yes or no.")


def read_seconds(name: str, default: float) -> float:
    """Return a number of seconds greater than zero."""
    value = read(name)
    try:
        seconds = float(value) if value else default
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}; it must be a number of seconds.") from error
    if not 0 < seconds < float("inf"):
        raise BadSetting(f"{name} is {value!r}; it must be greater than zero.")
    return seconds


def read_number(name: str, default: float) -> float:
    """Return a number that is zero or more."""
    value = read(name)
    try:
        number = float(value) if value else default
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}; it must be a number.") from error
    if not 0 <= number < float("inf"):
        raise BadSetting(f"{name} is {value!r}; it must be zero or more.")
    return number


def home() -> Path:
    """Return the folder where the embedded database, the keys and the files live."""
    configured = read("LETTERBOOK_HOME")
    return (
        Path(configured).expanduser()
        if configured
        else Path(platformdirs.user_data_dir("letterbook"))
    )
