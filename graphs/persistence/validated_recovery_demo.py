"""Validated recovery, as the lab shows it: texts, examples and outcomes."""

from typing import Any

from graphs.outcome import Ended, counted
from graphs.pattern import Example, Family, Lane, Pattern, Turn
from graphs.persistence.validated_recovery import Damage, build
from graphs.script import by_instruction


def _visit(points: int, damage: Damage = "nothing") -> dict[str, Any]:
    return {"customer": "Ada Lovelace", "points": points, "damage": damage}


AFTERWARDS = {"checked": (Turn(_visit(20)),)}


def _outcome(ended: Ended) -> str:
    if ended.failed:
        return "Nothing stored, stopped by an error"
    visit, card = ended.values, ended.values["card"]
    points = counted(card["points"], "point")
    if visit["problem"]:
        spent = -visit["points"]
        return f"Nothing stored: {points} there, {spent:,} to be spent" if spent > 0 else "Nothing stored: not valid"
    if visit["damage"] != "nothing":
        return f"Stored {points}, then the row was damaged"
    damaged = [row for row in ended.archive if row["name"] == visit["customer"] and row["status"] == "quarantined"]
    if damaged and card["visits"] == 1:
        return f"Damaged row set aside, started anew with {points}"
    return f"Stored {points} after {counted(card['visits'], 'visit')}"


PATTERN = Pattern(
    slug="validated-recovery",
    title="Validated recovery",
    family=Family.PERSISTENCE,
    summary="What is stored is valid, and is checked again when it's loaded: a bad row is set aside and never deleted.",
    watch=(
        "The second visit loads the archive's row of the first one: a valid one is restored, and the points add up.",
        "A row that an older release or a hand left invalid is quarantined with its error, and a fresh card starts.",
        "The quarantined row keeps its text, so that nothing is lost that somebody could still repair.",
        "More points spent than there are make the card invalid before it's stored, and the row stays as it was.",
        "Nothing but the row is remembered: a visit after a restart of the lab goes the same way.",
    ),
    sources=("AP state persistence", "AP state recovery"),
    lanes=(
        Lane(
            "checked",
            "Checked twice",
            "Validates the card before it's stored and after it's loaded.",
            build,
            outcome=_outcome,
        ),
    ),
    examples=(
        Example("Stored and restored", _visit(30), AFTERWARDS),
        Example("Written by an older release", _visit(30, "old-release"), AFTERWARDS, unhappy=True),
        Example("Cut short while it was written", _visit(30, "cut-short"), AFTERWARDS, unhappy=True),
        Example(
            "Edited by hand, then well again",
            _visit(30, "edited-by-hand"),
            {"checked": (Turn(_visit(20)), Turn(_visit(5)))},
            unhappy=True,
        ),
        Example("More points spent than there are", _visit(30), {"checked": (Turn(_visit(-50)),)}, unhappy=True),
    ),
    script=by_instruction({}),
    turns=True,
    tables=("archive",),
)
