"""Patterns are found by their words, and by the names of the API that their code uses."""

import re
import sys
from pathlib import Path

import pytest

from graphs.api_names import api_names, read_api_names
from graphs.catalogue import CATALOGUE, find
from graphs.search import is_api_name, search

NAMES = ("interrupt", "Send", "Command", "RetryPolicy", "InMemorySaver", "get_stream_writer", "add_messages")


def slugs(query: str) -> list[str]:
    return [pattern.slug for pattern in search(query)]


def code_of(slug: str) -> str:
    """Return a pattern's code, without its docstrings, comments and other texts."""
    file = sys.modules[find(slug).lanes[0].build.__module__].__file__
    assert file
    return re.sub(r'"""[\s\S]*?"""|#.*|"[^"\n]*"', "", Path(file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [*NAMES, "add_conditional_edges", "update_state", "compile"])
def test_a_name_of_the_api_finds_exactly_the_patterns_whose_code_uses_it(name: str) -> None:
    users = {pattern.slug for pattern in CATALOGUE if re.search(rf"(?<!def )\b{name}\b", code_of(pattern.slug))}
    assert users
    assert set(slugs(name)) == users


def test_a_method_that_only_bears_the_name_of_the_api_is_not_found_as_its() -> None:
    assert "outbox.send(" in code_of("approval-gate")
    assert "approval-gate" not in slugs("Send")
    assert not is_api_name("send")


def test_what_a_file_uses_is_what_it_imports_calls_and_gives_by_name() -> None:
    used = read_api_names("""
from langgraph.types import RetryPolicy as Policy, interrupt
from elsewhere import Send
def build(graph, model):
    model.invoke("hello", unheard=1)
    graph.add_node("a", print, retry_policy=Policy(max_attempts=3)).compile()
    interrupt({}, response_schema=dict)
    Send("a", timeout=3)
""")
    assert used.names == {"RetryPolicy", "interrupt", "add_node", "compile"}
    assert used.parameters == {"retry_policy", "max_attempts", "response_schema", "unheard"}


def test_a_parameter_is_found_like_a_word() -> None:
    assert "retry_policy" in api_names(find("durable-task")).parameters
    assert "durable-task" in slugs("retry_policy")


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("time travel", "time-travel"),
        ("human loop", "breakpoints"),
        ("PAYROLL", "crash-recovery"),
        ("outbox gets a second mail", "time-travel"),
        ("  conditional edge ", "branching"),
        ("await_approval", "approval-gate"),
    ],
    ids=["title", "family", "summary", "what to watch", "lane", "code in a text"],
)
def test_a_pattern_is_found_by_its(query: str, slug: str) -> None:
    assert slug in slugs(query)


def test_what_has_the_word_in_its_title_comes_first_and_the_rest_in_the_catalogue_s_order() -> None:
    matches = slugs("recovery")
    order = [pattern.slug for pattern in CATALOGUE if pattern.slug in matches]
    titled = [slug for slug in order if "recovery" in find(slug).title.lower()]
    assert matches == [*titled, *(slug for slug in order if slug not in titled)]
    assert titled


def test_nothing_is_found_where_a_word_is_nowhere_and_everything_where_there_is_none() -> None:
    assert search("recovery xyzzy") == ()
    assert search(" ") == CATALOGUE
