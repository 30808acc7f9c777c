"""Times by the visitor's clock, and the name of the zone that it's in."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import streamlit as st

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,3}")
_DAY = 24 * 60
"""Minutes that no clock differs from another by."""
_LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""A time that every clock can show, in seconds; of a later one the database may tell, and it stands as this one."""


def visitor_zone() -> tzinfo:
    """Return the zone that the visitor's browser names; UTC where it names none."""
    return _zone(st.context.timezone or "", st.context.timezone_offset)


@lru_cache(maxsize=256)
def _zone(name: str, offset: int | None) -> tzinfo:
    """Return the zone of a name, else that of an offset in minutes behind UTC, else UTC."""
    if _NAME.fullmatch(name):
        # Of a name that isn't a zone's but a folder's or another file's come these errors, and of any other KeyError.
        with suppress(KeyError, ValueError, OSError):
            return ZoneInfo(name)
    if offset is not None and abs(offset) < _DAY:
        return timezone(timedelta(minutes=-offset))
    return UTC


def zone_name() -> str:
    """Return the name of the visitor's zone, such as `Europe/Berlin` or `UTC+02:00`."""
    return str(visitor_zone())


def local_time(seconds: float) -> datetime:
    """Return a time by the visitor's clock."""
    return datetime.fromtimestamp(min(seconds, _LATEST), visitor_zone())


def stamp(seconds: float) -> str:
    """Return a time as its day and minute; whoever shows it names the zone."""
    return local_time(seconds).strftime("%Y-%m-%d %H:%M")


def clock_times(times: Iterable[float], timespec: str = "milliseconds") -> list[str]:
    """Return times of one table, with their days unless all are of today; whoever shows them names the zone."""
    shown = [local_time(one).replace(tzinfo=None) for one in times]
    of_today = {one.date() for one in shown} <= {datetime.now(visitor_zone()).date()}
    return [one.time().isoformat(timespec) if of_today else one.isoformat(" ", timespec) for one in shown]
