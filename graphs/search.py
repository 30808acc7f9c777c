"""Finding patterns by what they're called, what they show and what of LangGraph's API their code uses."""

from graphs.api_names import api_names
from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern


def search(query: str) -> tuple[Pattern, ...]:
    """Return the patterns that a query names, those first whose title has it.

    A name of the API, written as code writes it, finds exactly the patterns whose code uses it.
    """
    if is_api_name(query):
        return tuple(pattern for pattern in CATALOGUE if query.strip() in api_names(pattern).names)
    words = query.casefold().split()
    matches = [pattern for pattern in CATALOGUE if all(word in _text(pattern) for word in words)]
    return tuple(sorted(matches, key=lambda pattern: not all(word in pattern.title.casefold() for word in words)))


def is_api_name(query: str) -> bool:
    """Return whether a query is a name of the API that some pattern's code uses."""
    return any(query.strip() in api_names(pattern).names for pattern in CATALOGUE)


def _text(pattern: Pattern) -> str:
    used = api_names(pattern)
    lanes = (lane.title for lane in pattern.lanes)
    says = (pattern.title, pattern.family, pattern.summary, *pattern.watch, *lanes)
    return "\n".join((*says, *used.names, *used.parameters)).replace("*", "").replace("`", "").casefold()
