"""The pages without a browser: each one opens, runs what it offers and says how it ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Example, Pattern
from lab.door import close_lab, open_lab
from lab.visitors import LOCAL
from lab.workspace import Workspace
from tests.pages import badges, markdowns, open_page, play, press, start, steps, texts, well
from tests.play import player
from ui.source import file_of

RUNS = [
    pytest.param(pattern, number, id=f"{pattern.slug}-{example.label}")
    for pattern in CATALOGUE
    for number, example in enumerate(pattern.examples)
]
PATTERNS = pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
