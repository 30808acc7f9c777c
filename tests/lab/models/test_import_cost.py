"""What is imported before anybody needs it."""

import subprocess
import sys
from pathlib import Path

import openai
import pytest

from lab.models.chat_models import CLIENT_ADVICE

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[3]
CLIENTS = ("openai", "langchain_openai", "tiktoken")


@pytest.mark.parametrize("module", ["lab.lab", "lab.worker"])
def test_the_client_of_a_model_server_is_not_imported_with_the_lab(module: str) -> None:
    loaded = f"import sys, {module}; print([name for name in {CLIENTS} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_lab_with_a_real_model_imports_its_client_before_anybody_asks_it() -> None:
    opened = (
        "import sys; from lab.lab import Lab; from lab.settings import Settings; "
        "lab = Lab(Settings(_env_file=None, database='memory')); print('openai' in sys.modules); lab.close()"
    )
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9", "PATH": ""}
    told = subprocess.run(
        [sys.executable, "-c", opened], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert told.stdout.strip() == "True"


def test_each_error_that_is_told_by_its_name_is_one_of_the_clients() -> None:
    kinds = [getattr(openai, name) for name in CLIENT_ADVICE]
    assert all(kind.__module__.partition(".")[0] == "openai" for kind in kinds)
    later = {kind: kinds[place + 1 :] for place, kind in enumerate(kinds)}
    assert not [kind for kind, others in later.items() if any(issubclass(other, kind) for other in others)]
