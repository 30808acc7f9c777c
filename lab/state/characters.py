"""Characters that can't be seen by themselves, and those among them that a script or an emoji needs."""

import re
from collections.abc import Callable

_PICTURES = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff"
"""Scripts in which a joiner between two letters changes how they're written, such as Persian and Hindi."""

_NEEDED = re.compile(
    f"(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])"
    # The flags of parts of a country: a black flag, the part's name in tags, and the end of it.
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    f"|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
    # Newer than this Python's table of characters.
    "|[\U0001f300-\U0001faff]"
)


def replace_unseen(text: str, instead: Callable[[str], str]) -> str:
    """Return a text with each character replaced that can't be seen and isn't part of one that can."""
    if text.isprintable():
        return text
    needed = {at for match in _NEEDED.finditer(text) for at in range(*match.span())}
    return "".join(char if char.isprintable() or at in needed else instead(char) for at, char in enumerate(text))


def printable_line(text: str) -> str:
    """Return a text on one line, with what can't be seen as blanks and none of them twice."""
    return " ".join(replace_unseen(text, lambda _: " ").split())
