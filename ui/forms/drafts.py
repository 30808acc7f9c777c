"""What was typed in answers that aren't given yet, so that a reload of the page doesn't lose it."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import streamlit as st

from lab.jsonable import Json

Place = tuple[str, str, str, str]
"""A workspace, the person who types, a thread, and a question of that thread, or the node that is about to ask again.

The person's name is empty where nobody is chosen."""

DRAFTS = 500
"""Drafts of all visitors together; the one that was last touched longest ago goes first."""
LONGEST = 50_000
"""Characters of a draft that is still taken."""


class Drafts:
    """Answers as their forms have them, by the question that asks for them; they last as long as the server."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[Place, Mapping[str, Json]] = OrderedDict()
        self._lock = Lock()

    def get(self, place: Place) -> Mapping[str, Json] | None:
        """Return what was typed there, None where nothing was."""
        with self._lock:
            return self._drafts.get(place)

    def put(self, place: Place, values: Mapping[str, Json]) -> None:
        """Take what a form has now; what is too long isn't taken."""
        with self._lock:
            self._drafts.pop(place, None)
            if len(repr(values)) <= LONGEST:
                self._drafts[place] = values
            while len(self._drafts) > DRAFTS:
                self._drafts.popitem(last=False)

    def carry(self, place: Place, node: str) -> None:
        """Let what was typed there wait for the node's next question, which has another id."""
        if (typed := self.get(place)) is not None:
            self.put((*place[:-1], node), typed)

    def take_over(self, place: Place, node: str) -> None:
        """Give a question what was typed for the one that its node asked before, where that waits."""
        waits = (*place[:-1], node)
        typed = self.get(waits)
        with self._lock:
            self._drafts.pop(waits, None)
        if typed is not None:
            self.put(place, typed)


@st.cache_resource(show_spinner=False)
def drafts() -> Drafts:
    """Return the drafts of all visitors."""
    return Drafts()
