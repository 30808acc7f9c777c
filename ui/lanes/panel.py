"""What a lane may have beside its messages, drawn with it and redrawn as its run goes on."""

from typing import Protocol

from lab.events import ThreadView


class LanePanel(Protocol):
    """Draws more of a thread than its messages, steps and figures."""

    def draw(self, view: ThreadView | None) -> None:
        """Draw it as the thread stands now; None where nothing has run."""
        ...

    def update(self, view: ThreadView) -> None:
        """Draw what is new in the thread."""
        ...
