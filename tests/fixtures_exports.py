"""Fixtures for files of threads; `conftest.py` names this module in `pytest_plugins`."""

import pytest

from lab.lab import Lab
from tests.asking import asks
from tests.exports import exported
from tests.kept import WORKSPACE
from tests.toys import OpenLab, chain, done, fan, lane, ran, toy


@pytest.fixture
def home(open_toys: OpenLab) -> tuple[Lab, bytes]:
    """A lab and a file of a thread that waits for an answer beside what is done."""
    lab = open_toys(toy(lane(fan(a=done("a"), ask=asks("ask"))), lane(chain(a=done("a")), "forgets", remembers=False)))
    return lab, exported(lab, ran(lab.workspace(WORKSPACE)))
