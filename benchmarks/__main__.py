"""Prints the figures and leaves them in `benchmarks/out/latest.json`."""

import json
from itertools import chain
from pathlib import Path

from benchmarks import browser, crowd, engine, history, inbox, live_clients
from benchmarks.measure import Figure

OUT = Path(__file__).parent / "out" / "latest.json"


def told(figure: Figure) -> dict[str, str | float]:
    """Return a figure as JSON data."""
    return {
        "name": figure.name,
        "value": round(figure.value, 3),
        "unit": figure.unit,
        "reference": round(figure.reference, 3),
        "ratio": round(figure.ratio, 3),
        "note": figure.note,
    }


def main() -> None:
    """Measure everything."""
    print(f"{'':32} {'value':>10} {'reference':>10} {'ratio':>7}")
    found = []
    measured = (engine, history, inbox, browser, crowd, live_clients)
    for figure in chain.from_iterable(module.figures() for module in measured):
        note = f"  against {figure.note}" if figure.note else ""
        numbers = f"{figure.value:>10.1f} {figure.reference:>10.1f} {figure.ratio:>7.2f}  {figure.unit}"
        print(f"{figure.name:32} {numbers}{note}")
        found.append(told(figure))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
