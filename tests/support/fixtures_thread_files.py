"""Fixtures for files of threads; `conftest.py` names this module in `pytest_plugins`."""

import pytest

from lab.lab import Lab
from tests.support.asking_nodes import asks
from tests.support.saved_threads import WORKSPACE
from tests.support.thread_files import exported
from tests.support.toy_patterns import OpenLab, chain, done, fan, lane, ran, toy


@pytest.fixture
def home(open_toys: OpenLab) -> tuple[Lab, bytes]:
    """Provide a lab and a file of a thread that waits for an answer beside what is done."""
    lab = open_toys(toy(lane(fan(a=done("a"), ask=asks("ask"))), lane(chain(a=done("a")), "forgets", remembers=False)))
    return lab, exported(lab, ran(lab.workspace(WORKSPACE)))
