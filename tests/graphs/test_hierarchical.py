"""Hierarchical agents: which teams and workers a task reaches, and how a model's answer is read."""

import re

import pytest
from langchain_core.messages import AIMessage, ToolCall

from graphs.agents.hierarchical import TEAMS, ToolNotCalled, delegations, names_in
from graphs.agents.hierarchical_demo import PATTERN
from graphs.outcome import Ended
from graphs.pattern import Example
from lab.lab import Lab
from tests.support.example_player import Play, Played, ended

SIGN_UP, BUG, LOOK, NOBODY = range(4)


def staff(played: Played) -> dict[str, list[str]]:
    """Return the workers that handed something in, by team."""
    found: dict[str, list[str]] = {}
    for one in played.values["handed"]:
        found.setdefault(one["team"], []).append(one["worker"])
    return found


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (
            SIGN_UP,
            {
                "design": ["layout", "wording"],
                "development": ["frontend", "backend", "database"],
                "testing": ["functional", "performance", "security"],
            },
        ),
        (BUG, {"development": ["backend"], "testing": ["functional", "security"]}),
        (LOOK, {"design": ["layout", "branding"]}),
    ],
)
def test_only_the_needed_teams_and_workers_hand_something_in(
    play: Play, example: int, expected: dict[str, list[str]]
) -> None:
    played = play("hierarchical", "teams", example)

    assert (played.status, played.error) == ("finished", None)
    assert staff(played) == expected
    assert [part["team"] for part in played.values["plan"]] == list(expected)


@pytest.mark.parametrize("example", [SIGN_UP, BUG, LOOK])
def test_agents_that_are_not_needed_never_run(play: Play, example: int) -> None:
    played = play("hierarchical", "teams", example)
    needed = staff(played)

    for team, workers in TEAMS.items():
        assert played.visited.count(team) == (team in needed)
        for worker in workers:
            assert played.visited.count(worker) == (worker in needed.get(team, []))


@pytest.mark.parametrize("example", [SIGN_UP, BUG, LOOK])
def test_the_report_is_written_once_and_last_and_names_every_team(play: Play, example: int) -> None:
    played = play("hierarchical", "teams", example)

    assert played.visited.count("report") == 1
    assert played.visited[-1] == "report"
    assert all(team in played.values["report"] for team in staff(played))


@pytest.mark.parametrize("example", [SIGN_UP, BUG, LOOK])
def test_no_result_is_handed_in_twice(play: Play, example: int) -> None:
    handed = [(one["team"], one["worker"]) for one in play("hierarchical", "teams", example).values["handed"]]

    assert len(handed) == len(set(handed))


def test_another_task_reaches_other_teams(play: Play) -> None:
    task = "Check the nightly export under load."
    played = play("hierarchical", "teams", Example("other", {"task": task}))

    assert list(staff(played)) == ["testing"]
    assert all("nightly export" in one["text"] for one in played.values["handed"])


def test_a_team_is_told_only_its_own_part(play: Play) -> None:
    played = play("hierarchical", "teams", SIGN_UP)
    testing = next(part["subtask"] for part in played.values["plan"] if part["team"] == "testing")

    assert "password attacks" in testing
    assert "error text" not in testing


def test_what_a_team_keeps_to_itself_doesnt_reach_the_orchestrator(play: Play) -> None:
    assert {"picked", "results", "subtask"}.isdisjoint(play("hierarchical", "teams", BUG).values)


def test_each_agent_streams_in_the_namespace_of_its_team(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    task = {"task": "Fix the login service, then verify the login works."}
    thread_id = workspace.start("hierarchical", "teams", task, pace=0).thread_id
    ended(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    paths = {step.path for step in view.steps}

    assert {("development", "supervise"), ("development", "backend"), ("testing", "security")} <= paths
    assert ("development", "security") not in paths


def test_a_task_for_nobody_is_refused_before_any_team_starts(play: Play) -> None:
    played = play("hierarchical", "teams", NOBODY)

    assert (played.status, played.failed_node) == ("resumable", "orchestrate")
    assert played.error is not None
    assert played.error.startswith(
        "ToolNotCalled: The model didn't call the tool 'Delegate' and said: 'None of the teams"
    )
    assert played.visited == ["orchestrate"]
    assert "report" not in played.values


def _calling(*calls: dict[str, str]) -> AIMessage:
    return AIMessage(
        content="", tool_calls=[ToolCall(name="Delegate", args=args, id=str(n)) for n, args in enumerate(calls)]
    )


def test_every_call_of_the_tool_is_read_in_order() -> None:
    answer = _calling({"team": "testing", "subtask": "try it"}, {"team": "design", "subtask": "sketch it"})

    assert [(part.team, part.subtask) for part in delegations(answer)] == [
        ("testing", "try it"),
        ("design", "sketch it"),
    ]


@pytest.mark.parametrize("answer", [AIMessage("I'd rather not."), AIMessage("", additional_kwargs={"refusal": "No."})])
def test_an_answer_without_the_tool_is_refused_with_what_was_said(answer: AIMessage) -> None:
    with pytest.raises(ToolNotCalled, match=r"rather not|'No\.'"):
        delegations(answer)


@pytest.mark.parametrize("args", [{"team": "gardening", "subtask": "water"}, {"team": "design"}])
def test_a_call_that_does_not_fit_the_tool_is_refused(args: dict[str, str]) -> None:
    with pytest.raises(ToolNotCalled, match="doesn't fit its schema"):
        delegations(_calling(args))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("frontend\nbackend", ["frontend", "backend"]),
        ("First the **Backend**, then the frontend, then the backend again.", ["backend", "frontend"]),
        ("the backends", []),
    ],
)
def test_workers_are_found_as_whole_words_and_once(answer: str, found: list[str]) -> None:
    assert names_in(answer, TEAMS["development"]) == found


OUTCOMES = {
    ("teams", SIGN_UP): "One report by 3 teams with 8 workers",
    ("teams", BUG): "One report by 2 teams with 3 workers",
    ("teams", LOOK): "One report by 1 team with 2 workers",
    ("teams", NOBODY): "No report, no team was given work: stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_counts_who_worked(play: Play, lane: str, example: int) -> None:
    played = play("hierarchical", lane, example)
    numbers = [int(number) for number in re.findall(r"\d+", played.outcome)]

    assert played.outcome == OUTCOMES[lane, example]
    assert numbers == ([len(staff(played)), sum(map(len, staff(played).values()))] if staff(played) else [])


def test_a_team_that_failed_is_missing_in_the_outcome() -> None:
    values = {"plan": [{"team": "design"}, {"team": "testing"}], "handed": [{"team": "design", "worker": "layout"}]}
    told = PATTERN.lane("teams").outcome
    assert told is not None
    assert told(Ended(values, failed=True)) == "No report, 1 of 2 teams handed in: stopped by an error"
