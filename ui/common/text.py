"""Text of models, visitors and databases, made safe to show: it stays text, and what can't be seen is named."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lab.state import replace_unseen

_LINKED = re.compile(r"(?i)www(?=\\\.)|https?(?=\\:)|@")
"""Where an address begins: Markdown makes links of them even with each sign escaped, but not with a joiner inside."""

_WORDS = re.compile(r"[\w ,.;?'()/%+€–-]*")
"""What means nothing in Markdown but for addresses, which hold a colon or begin with `www`."""

LIMIT = 20_000
"""Characters of one text that a page shows; the rest is counted."""
WORD = 1_000
"""Characters without a blank between them that a page shows; a browser takes seconds to break longer ones."""

_WORD = re.compile(rf"\S{{{WORD + 1},}}")


def shown(text: object, limit: int = LIMIT) -> str:
    """Return a text with what can't be seen made visible, cut to `limit` characters and each word of it to `WORD`."""
    whole = str(text)
    text_shown = whole if len(whole) <= limit else whole[:limit]
    if not _is_shown_as_it_is(text_shown):
        text_shown = replace_unseen(_WORD.sub(_cut_word, text_shown), _named)
    more = max(0, len(whole) - limit)
    return f"{text_shown}\n… and {more:,} more characters" if more else text_shown


def _is_shown_as_it_is(text: str) -> bool:
    """Tell quickly of nearly every text that nothing in it is to be replaced or cut; False says only that it may be.

    An answer is looked at as often as a word of it comes.
    """
    part = WORD // 2
    # Where each part has a blank, no word is longer than two parts.
    broken = all(" " in text[start : start + part] for start in range(0, len(text) - part + 1, part))
    return broken and text.replace("\n", "").replace("\t", "").isprintable()


def _cut_word(match: re.Match[str]) -> str:
    left = len(match[0]) - WORD
    return f"{match[0][:WORD]}… ({left:,} more characters without a blank)"


def _named(char: str) -> str:
    if char in "\n\t":
        return char
    if unicodedata.category(char) == "Zs":
        return " "
    if ord(char) < 0x20:
        return chr(0x2400 + ord(char))
    return f"⟨U+{ord(char):04X}⟩"


def safe(value: Any, limit: int = LIMIT) -> Any:
    """Return plain data with every text and key in it safe to show."""
    if isinstance(value, str):
        return shown(value, limit)
    if isinstance(value, dict):
        return {shown(key, 200): safe(item, limit) for key, item in value.items()}
    if isinstance(value, list):
        return [safe(item, limit) for item in value]
    return value


def literal(text: object, limit: int = 300) -> str:
    """Return a short text for a place that reads Markdown, with everything in it escaped."""
    escaped = "".join(
        f"\\{char}" if char.isascii() and not char.isalnum() and char != " " else char
        for char in " ".join(shown(text, limit).split())
    )
    return _LINKED.sub(lambda match: f"{match[0]}\N{WORD JOINER}", escaped)


def label_text(text: str, limit: int = 300) -> str:
    """Return a text for a widget's label, which reads Markdown, and as it is where nothing in it is Markdown."""
    # A label is read aloud as it's given, escapes and all.
    return (
        text if len(text) <= limit and _WORDS.fullmatch(text) and "www." not in text.lower() else literal(text, limit)
    )


def code(text: object, limit: int = 120) -> str:
    """Return a short text as code, for a place that reads Markdown; there an escape would show as it is."""
    words = shown(text, limit).replace("`", "'").split()
    return f"`{' '.join(words)}`"


def code_counted(names: Iterable[str], most: int = 12) -> str:
    """Give names as code, each once with its number, the rest of a long list counted only."""
    counts = Counter(names)
    texts = [f"{code(name)} ×{count:,}" if count > 1 else code(name) for name, count in counts.items()]
    return ", ".join(texts[:most]) + (f" and {len(texts) - most:,} more" if len(texts) > most else "")


def sized(size: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    # By what it's rounded to: 999,950 bytes are 1.0 MB and not 1,000 kB.
    if size < 1000:
        return counted(size, "byte")
    unit, whole = next(
        (name, whole) for name, whole in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)) if size < 999.5 * whole or name == "GB"
    )
    return f"{size / whole:,.0f} {unit}" if size >= 99.95 * whole else f"{size / whole:.1f} {unit}"


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number with its noun, in the plural where there isn't one of them."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def seconds(span: float) -> str:
    """Tell a length of time."""
    return f"{span * 1000:.0f} ms" if span < 1 else f"{span:.1f} s"
