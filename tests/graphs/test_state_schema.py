"""State schema: a Pydantic state saves what it then refuses to read; a check at the node's edge lets nothing in."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from graphs.figures import Figure
from graphs.pattern import Example
from graphs.state.state_schema import Kind, Number, build_modelled, entities_of, problem_with
from graphs.state.state_schema_demo import PATTERN
from lab.errors import InvalidInput, NotPossible, Unreadable
from lab.events import StateEdited
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.example_player import Play, ended

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
KIND, INVOICE, CONTRACT, NUMBER = range(4)


def bricked(lab: Lab, example: int) -> tuple[Workspace, str]:
    workspace = lab.workspace("tests")
    thread_id = workspace.start(SLUG, "modelled", PATTERN.examples[example].input, pace=0).thread_id
    ended(workspace, thread_id)
    return workspace, thread_id


def test_an_invalid_kind_is_saved_by_the_pydantic_state_and_every_read_raises() -> None:
    config: Any = {"configurable": {"thread_id": "t"}}
    saver, given = InMemorySaver(), {"number": "INV-1", "content": "A poem."}
    graph: Any = build_modelled(FakeListChatModel(responses=["poem"])).compile(checkpointer=saver)
    reads = (
        lambda: graph.invoke(given, config),
        lambda: graph.get_state(config),
        lambda: list(graph.get_state_history(config)),
        lambda: graph.update_state(config, {"kind": "letter"}),
        lambda: graph.invoke(None, config),
    )

    for read in reads:
        with pytest.raises(ValidationError, match="kind"):
            read()
    head = next(iter(saver.list(config)))
    assert head.checkpoint["channel_values"]["kind"] == "poem"
    parent: Any = head.parent_config
    graph.update_state(parent, {"kind": "letter"}, as_node="classify")
    assert graph.invoke(None, config)["kind"] == "letter"


@pytest.mark.parametrize(
    ("example", "node", "field", "step"), [(KIND, "classify", "kind", 2), (NUMBER, None, "number", -1)]
)
def test_the_lab_tells_which_field_nobody_can_read_and_from_where_it_can_be_mended(
    lab: Lab, example: int, node: str | None, field: str, step: int
) -> None:
    workspace, thread_id = bricked(lab, example)
    with pytest.raises(Unreadable):
        workspace.history.status(thread_id)
    damage = workspace.travel.damage(thread_id)

    assert damage is not None
    assert (damage.node, list(damage.reasons)) == (node, [field])
    assert workspace.history.tree(thread_id).marks[damage.parent_id].step == step


def test_what_is_mended_goes_on_behind_the_node_that_wrote_it_and_nothing_is_lost(lab: Lab) -> None:
    workspace, thread_id = bricked(lab, KIND)
    rows = workspace.history.page(thread_id).rows
    workspace.travel.mend(thread_id, {"kind": "letter"}, pace=0)
    ended(workspace, thread_id)
    after = workspace.history.page(thread_id).rows

    assert [row.checkpoint_id for row in after[: len(rows)]] == [row.checkpoint_id for row in rows]
    assert [row.ran for row in after[len(rows) :]] == [("classify",), ("review",)]
    assert workspace.history.status(thread_id) == "finished"
    assert workspace.travel.damage(thread_id) is None


def test_a_value_that_is_invalid_too_is_refused_at_its_field_and_the_thread_stays_as_it_is(lab: Lab) -> None:
    workspace, thread_id = bricked(lab, KIND)
    rows = workspace.history.page(thread_id).rows
    with pytest.raises(InvalidInput) as refused:
        workspace.travel.mend(thread_id, {"kind": "poem"}, pace=0)

    assert list(refused.value.fields) == ["kind"]
    assert workspace.history.page(thread_id).rows == rows


def test_a_thread_that_can_be_read_isnt_mended(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "modelled", INVOICE)

    with pytest.raises(NotPossible, match="nothing to mend"):
        sqlite_lab.workspace("tests").travel.mend(played.thread_id, {"kind": "letter"})


def test_at_the_edge_an_invalid_kind_never_gets_into_the_state(play: Play) -> None:
    values = play(SLUG, "checked", KIND).values

    assert "kind" not in values
    assert values["needs_review"]
    assert values["problem"] == "kind: Input should be 'invoice', 'contract' or 'letter', and not 'poem'"


def test_a_bad_number_is_refused_in_both_lanes_with_the_field_named(lab: Lab, play: Play) -> None:
    workspace, thread_id = bricked(lab, NUMBER)
    view = workspace.view(thread_id)
    view.catch_up()
    checked = lab.workspace("tests").start(SLUG, "checked", PATTERN.examples[NUMBER].input, pace=0).thread_id
    ended(lab.workspace("tests"), checked)

    assert "number" in view.runs[-1].error
    assert view.steps == []
    assert "number: String should match pattern" in next(iter(workspace.history.stand(checked)[1].errors.values()))  # type: ignore[union-attr]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "kind"), [(INVOICE, "invoice"), (CONTRACT, "contract")])
def test_a_valid_document_goes_the_same_way_in_both_lanes(play: Play, lane: str, example: int, kind: str) -> None:
    played = play(SLUG, lane, example)

    assert played.visited == ["receive", "extract", "classify", "review"]
    assert (played.values["kind"], played.values["needs_review"]) == (kind, False)
    assert [line.partition(":")[0] for line in played.values["trail"]] == played.visited


def test_after_a_recovery_the_trail_has_a_line_of_the_correction_and_what_ran_on_the_branch(play: Play) -> None:
    assert play(SLUG, "modelled", KIND).values["trail"] == [
        "receive: DOC-7",
        "extract: 2 entities",
        "classify: kind corrected to letter",
        "review: done",
    ]


def test_a_correction_of_the_input_has_a_line_in_the_trail_too_and_is_one_step_of_the_history(
    play: Play, sqlite_lab: Lab
) -> None:
    played = play(SLUG, "modelled", NUMBER)
    workspace = sqlite_lab.workspace("tests")
    history = workspace.history
    rows = history.page(played.thread_id).rows

    assert played.values["trail"][:2] == ["input: number corrected to INV-12", "receive: INV-12"]
    assert [line.partition(":")[0] for line in played.values["trail"][1:]] == played.visited
    assert [(row.step, row.source) for row in rows[1:4]] == [(0, "loop"), (0, "update"), (1, "loop")]
    (decision,) = history.decisions.page().decisions
    (edited,) = (event for event in workspace.events(played.thread_id) if isinstance(event, StateEdited))
    assert decision.answered == {"values": {"number": "INV-12"}}
    assert edited.values == {"number": "INV-12", "trail": ["input: number corrected to INV-12"]}
    assert "edited = graph.update_state(" in edited.calls
    assert ", edited, control=control" in edited.calls


def test_the_figures_tell_the_kind_that_nobody_allows(lab: Lab) -> None:
    workspace, thread_id = bricked(lab, KIND)
    view, tell = workspace.view(thread_id), PATTERN.lane("modelled").figures
    view.catch_up()
    assert tell is not None

    assert Figure("Kind", "poem", alarming=True) in list(tell(view))


def test_the_figures_count_the_lines_of_nodes_alone_as_a_correction_is_a_persons(play: Play, sqlite_lab: Lab) -> None:
    played, tell = play(SLUG, "modelled", NUMBER), PATTERN.lane("modelled").figures
    view = sqlite_lab.workspace("tests").view(played.thread_id)
    view.catch_up()
    assert tell is not None

    assert Figure("Lines by nodes", "4") in list(tell(view))
    assert len(played.values["trail"]) == 5


def test_a_problem_names_its_field_and_what_was_given() -> None:
    assert problem_with("kind", "letter", Kind) == problem_with("number", "AB-1", Number) == ""
    assert problem_with("number", "x", Number).startswith("number: ")
    assert problem_with("kind", "", Kind).endswith("and not ''")


def test_entities_are_names_and_sums_each_once() -> None:
    assert entities_of("Anna Lee owes Anna Lee 1,200.50 € and 3€.") == ["Anna Lee", "1,200.50 €", "3€"]


@pytest.mark.parametrize("lane", LANES)
def test_the_kind_follows_the_document(play: Play, lane: str) -> None:
    own = Example("own", {"number": "AB-1", "content": "This contract is with Eva Rose."})

    assert play(SLUG, lane, own).values["kind"] == "contract"


OUTCOMES = {
    ("modelled", KIND): "Recovered as letter by a fork, 4 lines in the trail",
    ("modelled", INVOICE): "Filed as invoice, 4 lines in the trail",
    ("modelled", CONTRACT): "Filed as contract, 4 lines in the trail",
    ("modelled", NUMBER): "Recovered as invoice by a fork, 5 lines in the trail",
    ("checked", KIND): "For a person, as its kind isn't allowed, 4 lines in the trail",
    ("checked", INVOICE): "Filed as invoice, 4 lines in the trail",
    ("checked", CONTRACT): "Filed as contract, 4 lines in the trail",
    ("checked", NUMBER): "Refused, stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_became_of_the_document(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
