"""Progress events: what both lanes tell on their way, and what the job really did."""

import base64
import hashlib
import zlib
from dataclasses import replace

import pytest

from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.streaming.progress_events_demo import PATTERN
from tests.support.example_player import Play

LANES = tuple(lane.key for lane in PATTERN.lanes)
STEPS = ["normalise", "count", "compress", "digest", "verify"]
LONG, TINY, EMPTY = range(3)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [LONG, TINY])
def test_percentages_rise_from_0_to_100(play: Play, lane: str, example: int) -> None:
    told = [data["percent"] for _, data in play("progress-events", lane, example).custom]

    assert (told[0], told[-1]) == (0, 100)
    assert told == sorted(set(told))


@pytest.mark.parametrize("lane", LANES)
def test_each_event_names_the_node_that_sent_it(play: Play, lane: str) -> None:
    played = play("progress-events", lane, TINY)

    assert all(node == data["step"] for node, data in played.custom)
    assert list(dict.fromkeys(node for node, _ in played.custom)) == STEPS


@pytest.mark.parametrize("example", [LONG, TINY, EMPTY])
def test_both_lanes_tell_the_same(play: Play, example: int) -> None:
    written, dispatched = (play("progress-events", lane, example).custom for lane in LANES)

    assert written == dispatched


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [LONG, TINY])
def test_the_job_runs_to_its_end_without_a_model(play: Play, lane: str, example: int) -> None:
    played = play("progress-events", lane, example)

    assert (played.status, played.error, played.visited) == ("finished", None, STEPS)
    assert played.values["verified"] is True
    assert played.answers == []


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("example", [LONG, TINY])
def test_the_archive_holds_the_repeated_text(play: Play, lane: str, example: int) -> None:
    played = play("progress-events", lane, example)
    values = played.values
    packed = base64.b64decode(values["archive"])
    unpacked = zlib.decompress(packed)

    assert unpacked == f"{values['clean']}\n".encode() * values["repetitions"]
    assert (values["size"], values["packed_size"]) == (len(unpacked), len(packed))
    assert values["checksum"] == hashlib.sha256(unpacked).hexdigest()
    assert played.outcome == OUTCOMES[lane, example]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "words", "different"), [(LONG, 17 * 20_000, 13), (TINY, 4, 4)])
def test_words_are_counted(play: Play, lane: str, example: int, words: int, different: int) -> None:
    values = play("progress-events", lane, example).values

    assert (values["words"], values["different_words"]) == (words, different)


def test_one_round_is_one_round_of_hashing(play: Play) -> None:
    values = play("progress-events", "stream-writer", TINY).values
    expected = hashlib.pbkdf2_hmac("sha256", bytes.fromhex(values["checksum"]), b"One line, said once.", 1)

    assert values["digest"] == expected.hex()


@pytest.mark.parametrize("change", [{"text": "Another line."}, {"repetitions": 2}, {"rounds": 2}])
def test_the_digest_depends_on_every_field(play: Play, change: dict[str, object]) -> None:
    tiny = PATTERN.examples[TINY]
    changed = replace(tiny, input={**tiny.input, **change})

    digests = [play("progress-events", "stream-writer", example).values["digest"] for example in (tiny, changed)]

    assert digests[0] != digests[1]


@pytest.mark.parametrize("repetitions", [1, 7, 10, 999])
def test_any_number_of_repetitions_is_packed_whole(play: Play, repetitions: int) -> None:
    example = Example("odd", {"text": "Größe zählt.", "repetitions": repetitions, "rounds": 11})

    values = play("progress-events", "dispatched", example).values

    assert values["size"] == len("Größe zählt.\n".encode()) * repetitions
    assert values["verified"] is True


@pytest.mark.parametrize("lane", LANES)
def test_a_text_without_words_fails_on_count(play: Play, lane: str) -> None:
    played = play("progress-events", lane, EMPTY)

    assert (played.status, played.failed_node, played.visited) == ("resumable", "count", STEPS[:2])
    assert played.error is not None
    assert played.error.startswith("InvalidContent: The text '?! ... --' has no words.")


@pytest.mark.parametrize("lane", LANES)
def test_a_failed_job_never_claims_what_it_has_not_done(play: Play, lane: str) -> None:
    played = play("progress-events", lane, EMPTY)

    assert max(data["percent"] for _, data in played.custom) == 5
    assert not {"words", "archive", "digest", "verified"} & set(played.values)


SAYS = (
    "340,000 words packed from 1.6 MB into 5.5 kB, and checked",
    "4 words packed from 21 bytes into 29 bytes, and checked",
    "Nothing packed, stopped by an error",
)
OUTCOMES = {(lane, example): line for lane in LANES for example, line in enumerate(SAYS)}


@pytest.mark.parametrize("lane", LANES)
def test_the_outcome_of_a_job_without_words_says_that_nothing_is_packed(play: Play, lane: str) -> None:
    played = play("progress-events", lane, EMPTY)

    assert (played.outcome, "archive" in played.values) == (OUTCOMES[lane, EMPTY], False)


def test_the_outcome_of_a_job_that_failed_before_the_check_says_so() -> None:
    told = PATTERN.lane("dispatched").outcome
    assert told is not None
    packed = {"words": 1, "size": 12_345_678, "packed_size": 1000, "archive": "eA=="}
    assert told(Ended(packed, failed=True)) == (
        "1 word packed from 12.3 MB into 1.0 kB, not checked: stopped by an error"
    )
