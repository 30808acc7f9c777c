"""Several threads in one file: each is as it would be alone, and all of them are taken in or none."""

import io
from typing import Any

import pytest

from lab.errors import LabError, NotPossible, ThreadBusy, UnknownThread
from lab.lab import Lab
from lab.threads import Limits, importing
from tests.support.saved_threads import WORKSPACE, branched, own, rows, three_steps
from tests.support.thread_files import exported, imported_together, must_refuse
from tests.support.toy_patterns import OpenLab, chain, done, lane, ran, toy


def together(lab: Lab, *thread_ids: str) -> tuple[bytes, dict[str, LabError]]:
    refused: dict[str, LabError] = {}
    return b"".join(own(lab).threads.export_together(thread_ids, refused)), refused


def points(data: bytes) -> list[bytes]:
    """Return the lines of the checkpoints; a header has its own time."""
    return [line for line in data.splitlines() if line.startswith(b'{"checkpoint"')]


def test_threads_of_one_file_come_back_whole_and_in_its_order(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps(), toy(lane(chain(a=done("a"))), slug="other"))
    (first, _), second = branched(lab), ran(lab.workspace(WORKSPACE))
    data, refused = together(lab, second, first)
    taken = lab.workspace("another").threads.import_file(io.BytesIO(data))

    assert refused == {}
    heads = [len(lab.workspace("another").threads.branch_heads(one.thread_id)) for one in taken]
    assert heads == [len(own(lab).threads.branch_heads(one)) for one in (second, first)]


def test_a_file_of_which_a_later_thread_is_damaged_changes_nothing(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    for length in (1, len(data) // 2, len(data) - 1):
        must_refuse(lab, data + data[:length])
    must_refuse(lab, data + data.replace(b'"lane":"only"', b'"lane":"gone"'), "no lane 'gone'")
    must_refuse(lab, data + data + b"\n", "follows the end")


def test_what_is_refused_names_the_line_of_the_whole_file(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    must_refuse(lab, data + data[:-9], f"line {2 * len(data.splitlines())}:")


def test_a_file_of_more_threads_than_allowed_is_refused(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    assert len(imported_together(lab, data * 3, limits=Limits(threads=3))) == 3
    must_refuse(lab, data * 4, "more than 3 threads", Limits(threads=3))


def test_an_import_that_fails_at_a_later_thread_takes_the_earlier_ones_away_again(
    home: tuple[Lab, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, data = home
    before = rows(lab.storage)
    write, written = importing._write, list[str]()

    def fails_once(opened: Any, thread: Any, *given: Any) -> str:
        written.append(thread.thread_id)
        newest = write(opened, thread, *given)
        if len(written) == 2:
            raise RuntimeError
        return newest

    monkeypatch.setattr(importing, "_write", fails_once)
    with pytest.raises(RuntimeError):
        imported_together(lab, data * 3)
    assert rows(lab.storage) == before
    assert len(written) == 2


def test_a_thread_that_runs_is_left_out_of_the_file_and_told(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    first, busy, last = (ran(own(lab)) for _ in range(3))
    with lab.runs.claimed(WORKSPACE, busy):
        data, refused = together(lab, first, busy, last)

    assert [type(error) for error in refused.values()] == [ThreadBusy]
    assert list(refused) == [busy]
    assert points(data) == points(exported(lab, first) + exported(lab, last))


def test_a_stranger_s_thread_goes_into_no_file(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    own_id, other_id = ran(own(lab)), ran(lab.workspace("stranger"))
    with pytest.raises(UnknownThread):
        together(lab, own_id, other_id)


def test_more_threads_than_a_file_may_hold_are_refused(open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.workspace.threads.LIMITS", Limits(threads=1))
    lab = open_toys(three_steps())
    one, other = ran(own(lab)), ran(own(lab))
    assert points(together(lab, one)[0]) == points(exported(lab, one))
    with pytest.raises(NotPossible, match="at most 1 threads"):
        together(lab, one, other)
