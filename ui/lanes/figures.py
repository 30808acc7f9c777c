"""A lane's figures in one line: numbers with their names, and the states that something can be in."""

from collections.abc import Sequence

from graphs.figures import Figure, States
from ui.common import literal

SHORT = 14
"""Characters of a value that isn't broken."""
NO_BREAK = "\N{NO-BREAK SPACE}"


def figures_markup(figures: Sequence[Figure | States]) -> str:
    """Return the figures as Markdown; the state that something is in is marked by a sign and by colour."""
    return " · ".join(_states(figure) if isinstance(figure, States) else _figure(figure) for figure in figures)


def _figure(figure: Figure) -> str:
    text = literal(figure.value, 80)
    # A number stays on one line with its unit.
    value = f"**{text.replace(' ', NO_BREAK) if len(text) <= SHORT else text}**"
    return f"{literal(figure.name, 40)} {f':red[{value}]' if figure.alarming else value}"


def _states(figure: States) -> str:
    badges = (
        f":blue-badge[:material/radio_button_checked: {literal(state, 40)}]"
        if state == figure.current
        else f":gray-badge[:material/radio_button_unchecked: {literal(state, 40)}]"
        for state in figure.states
    )
    return f"{literal(figure.name, 40)} {' '.join(badges)}"
