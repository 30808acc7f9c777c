"""A pattern is two files of one stem: a graph to copy into one's own program, and what the lab shows of it."""

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langgraph.graph import StateGraph

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern, Script
from graphs.world import World
from tests.support.graph_files import FILES, GRAPH_FILES, GRAPHS, demo_file

Builder = Callable[[BaseChatModel], StateGraph[Any, Any, Any, Any]]

EACH_GRAPH_FILE = pytest.mark.parametrize("file", GRAPH_FILES, ids=lambda file: file.stem)
COPIED_WITH = {
    "langgraph",
    "langchain",
    "langchain_core",
    "pybreaker",
    "pydantic",
    "typing_extensions",
    *sys.stdlib_module_names,
}
"""What a program that a graph file is copied into has anyway."""

LONGER = {
    "validated_recovery": "eight nodes, each with what becomes of a row there",
    "circuit_breaker": "a listener of the library, and what comes of a call told apart in four ways",
    "error_recovery": "a repair of its own for each kind of error",
    "approval_gate": "two gates, and a draft that its reader may edit",
    "durable_task": "three lanes around steps that fail, ask and are killed",
    "multi_approver": "two ways to ask several people, and a text that goes back to its author",
    "expense_approval": "two ways to ask two people, each with what they have to say",
    "reducers": "eight channels with a reducer each, declared without them and with them",
    "customer_service": "retry, breaker, person and kill in one request, which is the lesson",
    "event_driven_agent": "three tools that act, and two ways to approve their calls",
    "moderation": "what a moderator may answer, and each line of the trail",
    "hierarchical": "graphs in a graph, with the state of each and what models answer",
    "order_processing": "four services, each with retry, breaker and handler, which is the lesson",
}
"""Graph files of more than 130 lines, and what takes them: parts of the lesson that aren't to be moved elsewhere."""


class PlainModel(BaseChatModel):
    """Answers by a pattern's script, and is no model of the lab's."""

    script: Script

    @property
    def _llm_type(self) -> str:
        return "plain"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, AIMessage]:
        """Accept the tools; the script decides which it calls."""
        return self.bind(tools=tools, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        said = self.script(messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(said) if isinstance(said, str) else said)])


def imports(file: Path) -> set[str]:
    """Return the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def module(file: Path) -> ModuleType:
    """Return the module of a file below `graphs`."""
    return importlib.import_module(".".join(file.relative_to(GRAPHS.parent).with_suffix("").parts))


def builders(file: Path) -> list[Builder]:
    """Return the functions of a graph file that build a lane's graph."""
    return [made for name, made in vars(module(file)).items() if name == "build" or name.startswith("build_")]


def pattern(file: Path) -> Pattern:
    """Return the pattern that shows a graph file."""
    shown: Pattern = module(demo_file(file)).PATTERN
    return shown


EACH_BUILDER = pytest.mark.parametrize(
    ("file", "build"),
    [pytest.param(file, build, id=f"{file.stem}-{build.__name__}") for file in GRAPH_FILES for build in builders(file)],
)


def test_every_pattern_of_the_catalogue_has_a_graph_file_and_a_demo_beside_it() -> None:
    slugs = {one.slug.replace("-", "_") for one in CATALOGUE}

    assert {file.stem for file in GRAPH_FILES} == slugs
    assert set(FILES) == {*GRAPH_FILES, *map(demo_file, GRAPH_FILES)}


@EACH_GRAPH_FILE
def test_a_graph_file_imports_the_library_the_interfaces_of_the_world_its_people_and_answers_alone(file: Path) -> None:
    assert {name for name in imports(file) if name.split(".")[0] not in COPIED_WITH} <= {
        "graphs.world",
        "graphs.people",
        "graphs.answers",
    }


def test_the_answers_of_people_import_what_a_program_has_anyway() -> None:
    assert {name.partition(".")[0] for name in imports(GRAPHS / "answers.py")} <= COPIED_WITH


def test_the_interfaces_of_the_world_import_the_standard_library_alone() -> None:
    assert {name.partition(".")[0] for name in imports(GRAPHS / "world.py")} <= sys.stdlib_module_names


@EACH_GRAPH_FILE
def test_a_demo_shows_every_graph_that_its_file_builds_and_no_other(file: Path) -> None:
    shown = {lane.build for lane in pattern(file).lanes}

    assert pattern(file) in CATALOGUE
    assert shown == set(builders(file))


@EACH_BUILDER
def test_a_graph_compiles_around_any_chat_model_and_runs_where_it_acts_upon_nothing_outside(
    file: Path, build: Builder
) -> None:
    example = next(one for one in pattern(file).examples if not one.unhappy)
    graph = build(PlainModel(script=pattern(file).script)).compile()

    lane = next(lane for lane in pattern(file).lanes if lane.build is build)
    context: Any = lane.context(example.input) if lane.context else None

    # Nodes that book, mail or store need somebody's ledger, outbox or archive; the lab's tests run them on its own.
    if graph.context_schema is not World:
        assert graph.invoke(dict(example.input), context=context) != example.input


def test_graph_files_are_short_enough_to_be_read_top_to_bottom() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}

    assert {file.name: length for file, length in lengths.items() if length > 200} == {}
    assert {file.stem for file in GRAPH_FILES if not 60 <= lengths[file] <= 130} == LONGER.keys()
