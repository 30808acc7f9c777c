"""What runs told of a pruned branch goes with it, and what they told of the others stays as it was."""

from lab.events import CheckpointSaved, Event, RunEnded, RunStarted, Said, StateEdited, StepView, WentBack
from lab.events.pruning import without_branches
from lab.workspace import Workspace
from tests.support.asking_nodes import asks
from tests.support.toy_patterns import (
    SAVERS,
    OpenLab,
    before,
    chain,
    done,
    end,
    everywhere,
    head,
    lane,
    names,
    ran,
    toy,
)


def told(text: str) -> list[Event]:
    """Make events of a letter each: `(` and `)` a run, `<` a way back, `=x` an edit, any other a checkpoint."""
    events: list[Event] = []
    marks = iter(text.replace(" ", ""))
    for no, mark in enumerate(marks, 1):
        if mark == "(":
            events.append(RunStarted("r", "turn", "", None, "", no=no))
        elif mark == ")":
            events.append(RunEnded("r", "finished", "", no=no))
        elif mark == "<":
            events.append(WentBack("", 0, no=no))
        elif mark == "=":
            events.append(StateEdited(next(marks), None, "", no=no))
        else:
            events.append(CheckpointSaved((), mark, 0, "loop", (), no=no))
    return events


def shown(events: list[Event]) -> str:
    letters = {RunStarted: "(", RunEnded: ")", WentBack: "<"}
    edits = {id(event): f"={event.checkpoint_id}" for event in events if isinstance(event, StateEdited)}
    saved = {id(event): event.checkpoint_id for event in events if isinstance(event, CheckpointSaved)}
    return "".join(letters.get(type(event)) or edits.get(id(event)) or saved[id(event)] for event in events)


def left(text: str, gone: str) -> str:
    return shown(without_branches(told(text), set(gone)))


def test_a_branch_that_goes_takes_its_way_back_its_edit_and_its_run_along() -> None:
    assert left("(abcd) <(efg)", "efg") == "(abcd)"
    assert left("(abcd) <=e(fg)", "efg") == "(abcd)"
    assert left("(abcd) <=e", "e") == "(abcd)"
    assert left("(abcd) <(efg) <(bhi)", "efg") == "(abcd)<(bhi)"


def test_the_run_in_which_a_branch_began_is_told_up_to_there() -> None:
    assert left("(abcd) <(efg)", "cd") == "(ab)<(efg)"
    assert left("(ab) (bcd) <(efg)", "cd") == "(ab)<(efg)"


def test_of_a_run_of_two_branches_the_one_that_stays_is_told() -> None:
    assert left("(abc) <(de <=fgh)", "de") == "(abc)(<=fgh)"
    assert left("(abc) <(de <=fgh)", "fgh") == "(abc)<(de)"
    assert left("(abc) <(de <=fgh)", "defgh") == "(abc)"


def test_a_run_that_failed_at_a_checkpoint_is_told_as_long_as_that_one_is_there() -> None:
    assert left("(ab) (b) (bc) <(de)", "de") == "(ab)(b)(bc)"
    assert left("(ab) <(cd) (d)", "cd") == "(ab)"
    assert left("() (ab) <(cd)", "cd") == "()(ab)"
    assert left("(ab)", "") == "(ab)"


def said(workspace: Workspace, thread_id: str) -> str:
    return repr([event for event in workspace.events(thread_id) if not isinstance(event, CheckpointSaved)])


@everywhere
def test_the_answer_and_the_steps_of_a_pruned_branch_are_told_no_more(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a"), ask=asks("ask"), z=done("z")))))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.resume(thread_id, {asked.questions[0].id: "a secret"}, asked.checkpoint_id)
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {asked.questions[0].id: "open"})
    end(workspace, thread_id)
    assert "a secret" in said(workspace, thread_id)
    workspace.threads.keep_newest(thread_id, 1)

    assert "a secret" not in said(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    steps = [(item.path, item.status) for item in view.items if isinstance(item, StepView)]
    assert steps[:1] == [(("a",), "done")]
    assert steps[-2:] == [(("ask",), "done"), (("z",), "done")]
    assert next(item.kind for item in view.items if isinstance(item, Said)) == "start"
    assert "open" in said(workspace, thread_id)
    workspace.travel.replay(thread_id, before(workspace, thread_id, "z"))
    end(workspace, thread_id)
    assert names(workspace, thread_id) == ["a", "ask='open'", "z"]


def test_a_lane_with_a_storage_of_its_own_forgets_what_was_told_too(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"), ask=asks("ask")), saver=SAVERS["memory"]))).workspace("w")
    thread_id = ran(workspace)
    asked = head(workspace, thread_id)
    workspace.resume(thread_id, {asked.questions[0].id: "a secret"}, asked.checkpoint_id)
    end(workspace, thread_id)
    workspace.travel.reanswer(thread_id, asked.checkpoint_id, {asked.questions[0].id: "open"})
    end(workspace, thread_id)
    workspace.threads.keep_newest(thread_id, 1)

    assert "a secret" not in said(workspace, thread_id)
    assert names(workspace, thread_id) == ["a", "ask='open'"]
