"""Secrets that an error repeats: they reach no event, no page, no history, no saved row and no export."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.checkpoints import thread_config
from lab.lab import Lab
from lab.secrets import know_secrets, redact, redact_error
from lab.secrets.redaction import CUT, redact_json
from lab.settings import Settings
from lab.workspace import Workspace
from tests.support.labs import quiet
from tests.support.openai_server import Answer, Failure, OpenAIServer, Text
from tests.support.toy_patterns import OpenLab, chain, done, end, everywhere, lane, ran, toy

KEY = "sk-secret-of-the-visitor-0123456789"
WORD = "swordfish-of-the-database"
TEXT = {"text": "The lighthouse stands alone."}
SPOKEN = {
    "refused": Failure(401, "invalid_api_key", f"Incorrect API key provided: {KEY}. Find yours at example.com."),
    "out of luck": Failure(429, "rate_limit_exceeded", f"Rate limit of {KEY} reached."),
    "in the middle": Text("Dear", nonsense=json.dumps({"error": {"message": f"{KEY} is out of money"}})),
}


def everything_told(workspace: Workspace, thread_id: str) -> str:
    """Return all that anybody can read of a thread, as one text."""
    view = workspace.view(thread_id)
    view.catch_up()
    found = [
        *(workspace.events(thread_id), view.items, view.runs, workspace.history.snapshot(thread_id)),
        *(workspace.history.page(thread_id).rows, b"".join(workspace.threads.export(thread_id))),
    ]
    return "\n".join(map(repr, found))


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("answer", SPOKEN.values(), ids=SPOKEN)
def test_a_key_that_the_model_server_repeats_is_nowhere_afterwards(
    openai_server: OpenAIServer, tmp_path: Path, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    given: dict[str, Any] = {"openai_base_url": openai_server.url, "openai_api_key": KEY, "openai_retries": 0}
    lab = Lab(quiet(str(tmp_path / "lab.sqlite"), **given))
    openai_server.answer(Text("First answer."), answer)
    workspace = lab.workspace("w")
    thread_id = workspace.start("linear-pipeline", "pipeline", TEXT, model="openai").thread_id
    ended = end(workspace, thread_id)
    told = everything_told(workspace, thread_id)
    lab.close()
    again = Lab(quiet(str(tmp_path / "lab.sqlite"), **given))
    reopened = everything_told(again.workspace("w"), thread_id)
    again.close()

    assert ended.outcome == "failed"
    assert openai_server.received[-1].key == KEY
    assert CUT in told
    assert CUT in reopened
    assert KEY not in told + reopened + caplog.text
    assert KEY.encode() not in files(tmp_path)


@everywhere
def test_no_error_of_a_node_carries_a_secret_of_the_settings_or_of_the_environment(
    open_toys: OpenLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAVILY_API_KEY", f"{KEY}-2")

    def leaking(_: Any) -> dict[str, Any]:
        raise ConnectionError(f"no answer of http://me:{WORD}@example.com", {"key": f"{KEY}-2"})

    address = f"http://me:{WORD}@example.com/v1"
    lab = open_toys(toy(lane(chain(a=done("a"), leaking=leaking))), openai_base_url=address)
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    told = everything_told(workspace, thread_id)
    saved = lab.storage.saver.get_tuple(thread_config(thread_id))

    assert CUT in told
    assert CUT in repr(saved)
    for secret in (KEY, WORD):
        assert secret not in told
        assert secret not in repr(saved)
        assert secret.encode() not in files(tmp_path)


def test_the_settings_name_their_secrets_the_passwords_in_addresses_too() -> None:
    settings = Settings(
        _env_file=None,
        database=f"postgresql://lab:{WORD}@localhost/lab",
        openai_api_key=KEY,
        secret="the-signature-of-cookies",
        openai_base_url="http://me:p%40ssword-of-mine@example.com/v1",
    )
    know_secrets(*settings.secrets)

    for secret in (WORD, KEY, "the-signature-of-cookies", "p%40ssword-of-mine", "p@ssword-of-mine"):
        assert redact(f"({secret})") == f"({CUT})"
    assert redact("nothing to hide") == "nothing to hide"


def test_a_short_secret_is_left_as_it_could_be_any_word() -> None:
    know_secrets("none", "")

    assert redact("none of it") == "none of it"


def test_texts_are_cut_wherever_they_stand_and_nothing_else_is_changed() -> None:
    know_secrets(KEY)
    value = {KEY: [1, None, True, (f"a {KEY} b", 2.5)], "whole": "as it was"}

    assert redact_json(value) == {CUT: [1, None, True, (f"a {CUT} b", 2.5)], "whole": "as it was"}


def test_an_exception_is_cleaned_with_those_that_caused_it_and_stays_what_it_is() -> None:
    know_secrets(KEY)

    def fail() -> None:
        try:
            raise KeyError(KEY)
        except KeyError as error:
            raise LookupError(f"no {KEY}", 3) from error

    with pytest.raises(LookupError) as raised:
        fail()
    redact_error(raised.value)

    assert raised.value.args == (f"no {CUT}", 3)
    assert repr(raised.value.__cause__) == repr(KeyError(CUT))
