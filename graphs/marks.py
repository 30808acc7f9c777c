"""What a pattern has that people look for, read from the pattern itself."""

from enum import StrEnum

from graphs.pattern import Edit, Pattern, Reply, WayBack


class Mark(StrEnum):
    """Something that some patterns have and others don't."""

    ASKS = "Asks a person"
    TRAP = "Shows a trap"
    TRAVEL = "Goes back in time"
    CRASH = "Kills a process"
    TURNS = "Conversation"
    POSTGRESQL = "Needs PostgreSQL in one lane"


def marks_of(pattern: Pattern) -> tuple[Mark, ...]:
    """Return what a pattern has, in the order of the marks."""
    steps = [step for example in pattern.examples for taken in example.steps.values() for step in taken]
    has = {
        Mark.ASKS: any(isinstance(step, Reply | Edit) for step in steps),
        Mark.TRAP: any(lane.trap for lane in pattern.lanes),
        Mark.TRAVEL: any(isinstance(step, WayBack) for step in steps),
        Mark.CRASH: bool(pattern.crash_field),
        Mark.TURNS: pattern.turns,
        Mark.POSTGRESQL: any(lane.saver and lane.saver.kind == "postgresql" for lane in pattern.lanes),
    }
    return tuple(mark for mark in Mark if has[mark])
