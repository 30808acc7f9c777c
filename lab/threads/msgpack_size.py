"""How much a MessagePack value unfolds to, counted before anything of it is decoded."""

DEEPEST = 100
"""Containers inside containers; a page that shows a value goes into each of them."""
PART = 32
"""Bytes that any value takes at least, its place in a container included."""
NESTED = frozenset(range(8))
"""Extensions whose data is a value itself, as the checkpointers write them."""

_WIDTHS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_LENGTHS = {
    first + step: (kind, width)
    for first, kind, widths in (
        (0xC4, "bytes", (1, 2, 4)),
        (0xC7, "extension", (1, 2, 4)),
        (0xD9, "text", (1, 2, 4)),
        (0xDC, "list", (2, 4)),
        (0xDE, "map", (2, 4)),
    )
    for step, width in enumerate(widths)
}


class Unfolds(Exception):
    """Raised at a value that is damaged, too deep or too large; the message says which."""


def unfolded_size(data: bytes, most: int) -> int:
    """Return about how many bytes of memory a value takes once it's decoded; raises Unfolds over `most`.

    What a length promises is never believed: each part is walked over, and costs as much as it takes.
    """
    size = at = 0
    # Of each open container, the parts that are left and where it has to end; only an extension knows.
    left: list[int] = [1]
    ends: list[int] = [len(data)]
    while left:
        if not left[-1]:
            if ends[-1] >= 0 and ends[-1] != at:
                raise Unfolds("a value is damaged")
            left.pop()
            ends.pop()
            continue
        if at >= len(data):
            raise Unfolds("a value is cut off")
        left[-1] -= 1
        kind, length, at = _head(data, at)
        size += PART
        if kind in ("list", "map"):
            size += (40 + 8 * length) if kind == "list" else (40 + 100 * length)
            left.append(length if kind == "list" else 2 * length)
            ends.append(-1)
        elif kind == "extension":
            code, at = data[at] if at < len(data) else -1, at + 1
            # Each level holds the bytes of all that is inside it.
            size += 200 + 2 * length
            if code in NESTED:
                left.append(1)
                ends.append(at + length)
            else:
                at += length
        elif length:
            # One sign that needs four bytes makes all of its text's signs take four.
            wide = kind == "text" and not data[at : at + length].isascii()
            size, at = size + length * (4 if wide else 1), at + length
        if len(left) > DEEPEST:
            raise Unfolds("containers are nested too deeply")
        if size > most or (length and at > len(data)):
            raise Unfolds("it unfolds to more than allowed" if size > most else "a value is cut off")
    return size


def _head(data: bytes, at: int) -> tuple[str, int, int]:
    """Return what begins here, how many bytes or parts it has, and where they begin."""
    byte = data[at]
    at += 1
    if byte < 0x80 or byte >= 0xE0:
        return "", 0, at
    if byte < 0x90:
        return "map", byte & 0x0F, at
    if byte < 0xA0:
        return "list", byte & 0x0F, at
    if byte < 0xC0:
        return "text", byte & 0x1F, at
    if byte in _LENGTHS:
        kind, width = _LENGTHS[byte]
        return kind, int.from_bytes(data[at : at + width], "big"), at + width
    if byte in _FIXED_EXTENSIONS:
        return "extension", _FIXED_EXTENSIONS[byte], at
    if byte == 0xC1:
        raise Unfolds("a value is damaged")
    return "", _WIDTHS.get(byte, 0), at
