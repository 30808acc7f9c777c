"""Times stand by the visitor's own clock, and whatever a browser says of its zone, there is a time and a zone."""

import zoneinfo
from datetime import UTC, datetime

import pytest
from streamlit.runtime.context import ContextProxy

from lab.workspace import Workspace
from tests.support.app_pages import markdowns, open_page
from tests.support.thread_pages import made
from ui.common import clock_times, stamp, zone_name
from ui.common.times import _zone

WINTER, SUMMER = (datetime(2026, month, 15, 23, 30, tzinfo=UTC).timestamp() for month in (1, 7))


@pytest.fixture(autouse=True)
def _no_zone_is_remembered() -> None:
    _zone.cache_clear()


def clock(monkeypatch: pytest.MonkeyPatch, zone: str | None, offset: int | None = None) -> None:
    monkeypatch.setattr(ContextProxy, "timezone", zone)
    monkeypatch.setattr(ContextProxy, "timezone_offset", offset)


def test_a_time_is_that_of_the_visitor_s_clock_in_winter_and_in_summer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, "Europe/Berlin", -60)
    assert (stamp(WINTER), stamp(SUMMER), zone_name()) == ("2026-01-16 00:30", "2026-07-16 01:30", "Europe/Berlin")


@pytest.mark.parametrize("name", [None, "", "Mars/Base", "CET-1CEST"])
def test_a_browser_that_names_no_known_zone_has_the_one_of_its_offset(
    monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    clock(monkeypatch, name, -330)
    assert (stamp(WINTER), zone_name()) == ("2026-01-16 05:00", "UTC+05:30")


def test_without_tables_of_zones_the_offset_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr("ui.common.times.ZoneInfo", missing)
    clock(monkeypatch, "America/New_York", 300)
    assert (stamp(WINTER), zone_name()) == ("2026-01-15 18:30", "UTC-05:00")


@pytest.mark.parametrize("offset", [None, 1440, -100_000])
@pytest.mark.parametrize(
    "name",
    [None, "Europe", "tzdata.zi", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 9999, "<b>", "zone.tab", "\ud800"],
)
def test_whatever_a_browser_calls_its_zone_there_is_a_time(
    monkeypatch: pytest.MonkeyPatch, name: str | None, offset: int | None
) -> None:
    clock(monkeypatch, name, offset)
    assert (stamp(WINTER), zone_name()) == ("2026-01-15 23:30", "UTC")


@pytest.mark.parametrize(("zone", "offset"), [("Europe/Berlin", -60), ("Pacific/Kiritimati", -840), (None, -1439)])
def test_the_last_seconds_of_the_calendar_are_a_time_east_of_utc_too(
    monkeypatch: pytest.MonkeyPatch, zone: str | None, offset: int
) -> None:
    clock(monkeypatch, zone, offset)
    assert stamp(253_402_300_799.0).startswith("9999-12-31")
    assert clock_times([253_402_300_799.0], "minutes")[0].startswith("9999-12-31")


def test_times_of_today_need_no_day_and_others_have_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, "Pacific/Kiritimati")
    now = datetime.now(UTC).timestamp()
    assert [len(one) for one in clock_times([now], "seconds")] == [8]
    assert clock_times([WINTER, SUMMER]) == ["2026-01-16 13:30:00.000", "2026-07-16 13:30:00.000"]
    assert clock_times([]) == []


def test_pages_name_the_zone_of_their_times(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = made(here)
    clock(monkeypatch, "Asia/Tokyo")
    told = "times in Asia/Tokyo"
    pages = [
        open_page("threads"),
        open_page("explorer", thread=thread.thread_id),
        open_page("linear-pipeline", thread=thread.thread_id, tab="Events"),
    ]
    assert [told in markdowns(at).replace("\\", "") for at in pages] == [True] * 3


def test_how_long_a_step_took_is_a_number_of_seconds(here: Workspace) -> None:
    thread = made(here)
    at = open_page("explorer", thread=thread.thread_id)
    (table,) = (found for found in at.dataframe if "Took" in found.value)
    assert table.value["Took"].dtype == float
    assert '"Took, s"' in table.proto.columns
