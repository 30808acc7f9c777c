"""The files of the patterns: those that hold graphs, and beside each the one that shows it."""

from pathlib import Path

from tests.support.project import ROOT

GRAPHS = ROOT / "graphs"

FILES = tuple(sorted(path for path in GRAPHS.glob("*/*.py") if path.name != "__init__.py"))

GRAPH_FILES = tuple(path for path in FILES if not path.stem.endswith("_demo"))


def demo_file(graph: Path) -> Path:
    """Return the file of texts, examples, outcomes and offline answers that belongs beside a graph's file."""
    return graph.with_name(f"{graph.stem}_demo.py")
