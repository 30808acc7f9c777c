"""Numbers as people write them: read from what was typed, and written so that they come back the same."""

import math
import re
from decimal import Decimal

_SPACES = re.compile(r"(?<=\d)[ _'\u2019\u00a0\u2009\u202f](?=\d{3}(?!\d))")
"""What stands between thousands and can't be taken for anything else."""
_DIGITS = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?", re.IGNORECASE)
_COMMAS = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})")
_POINTS = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})")
_COMMA = re.compile(r"[+-]?(\d*,(\d{1,2}|\d{4,})|0,\d+)")
"""A decimal comma; one before three digits could stand between thousands as well."""
_UNCLEAR = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def number_of(text: str) -> int | float | None:
    """Return the number that a text says; None where it says none, or could say two."""
    digits = _SPACES.sub("", text.strip()).replace("\u2212", "-")
    if _COMMAS.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _POINTS.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif _COMMA.fullmatch(digits):
        digits = digits.replace(",", ".")
    elif not _DIGITS.fullmatch(digits):
        return None
    try:
        return int(digits) if digits.lstrip("+-").isdigit() else _finite(float(digits))
    # Python reads no whole number of more than 4,300 digits.
    except ValueError:
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def is_unclear(text: object) -> bool:
    """Tell whether a text could say two numbers: 1,500 is one thing here and another there."""
    return isinstance(text, str) and bool(_UNCLEAR.fullmatch(text.strip()))


def number_text(number: float) -> str:
    """Return a number as a form shows it: with two decimals or more where it has a fraction, none of them lost."""
    if isinstance(number, int):
        return str(number)
    if not math.isfinite(number) or abs(number) >= 1e15 or (number and abs(number) < 1e-12):
        return repr(number)
    # The float's exact value can lie half-way between two texts, where the one taken is another float's.
    return f"{Decimal(repr(number)):.{max(2, decimals(number))}f}"


def decimals(number: float) -> int:
    """Count the decimals that it takes to write a number exactly."""
    return max(0, -int(Decimal(repr(number)).as_tuple().exponent)) if math.isfinite(number) else 0
