"""Where in a lane's stream a message or step stands: below what came before, or in the column of its agent."""

from collections.abc import Sequence
from typing import Any

from ui.common import literal


class StreamPlaces:
    """A lane's stream; where agents have columns these stand side by side, between what came before and after them."""

    def __init__(self, stream: Any, agents: Sequence[str]) -> None:
        self._stream = stream
        self._agents = agents
        self._columns: dict[str, Any] = {}

    def of(self, path: Sequence[str]) -> Any:
        """Return the container for what a node said or did; `path` is empty for what people did."""
        if not path or path[0] not in self._agents:
            return self._stream
        if not self._columns:
            # They begin with the first agent's first word: what came before stands above, what comes later below.
            columns = self._stream.columns(len(self._agents))
            self._columns = dict(zip(self._agents, columns, strict=True))
            for agent, column in self._columns.items():
                column.markdown(f"**{literal(agent)}**")
        return self._columns[path[0]]
