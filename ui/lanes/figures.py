"""A lane's figures in one line: numbers with their names, and the states that something can be in."""

from collections.abc import Sequence

from graphs.figures import Figure, States
from ui.common import literal


def figures_markup(figures: Sequence[Figure | States]) -> str:
    """Return the figures as Markdown; the state that something is in is marked by a sign and by colour."""
    return " · ".join(_states(figure) if isinstance(figure, States) else _figure(figure) for figure in figures)


def _figure(figure: Figure) -> str:
    value = f"**{literal(figure.value, 80)}**"
    return f"{literal(figure.name, 40)} {f':red[{value}]' if figure.alarming else value}"


def _states(figure: States) -> str:
    badges = (
        f":blue-badge[:material/radio_button_checked: {literal(state, 40)}]"
        if state == figure.current
        else f":gray-badge[:material/radio_button_unchecked: {literal(state, 40)}]"
        for state in figure.states
    )
    return f"{literal(figure.name, 40)} {' '.join(badges)}"
