"""What the tests install on a fresh machine, with an apt that only notes what it's asked."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import ROOT

APT_GET = """#!/bin/bash
echo "$*" >> {calls}
[ "$1" != update ] || {after_update}
"""


@pytest.mark.parametrize(
    ("known", "after_update", "installed"),
    [
        pytest.param("true", "true", "chromium-headless-shell", id="a machine that knows its packages"),
        pytest.param("test -e {updated}", "touch {updated}", "chromium-headless-shell", id="a fresh machine"),
        pytest.param("false", "true", "chromium", id="a distribution without the headless shell"),
    ],
)
def test_the_headless_shell_is_installed_where_there_is_one(
    tmp_path: Path, known: str, after_update: str, installed: str
) -> None:
    calls, updated = tmp_path / "calls", tmp_path / "updated"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "mktemp", "tail", "rm", "touch"):
        (programs / name).symlink_to(str(shutil.which(name)))
    bodies = {
        "id": "#!/bin/bash\necho 0\n",
        "apt-cache": f"#!/bin/bash\n{known.format(updated=updated)}\n",
        "apt-get": APT_GET.format(calls=calls, after_update=after_update.format(updated=updated)),
    }
    for name, body in bodies.items():
        (programs / name).write_text(body)
        (programs / name).chmod(0o755)
    script = str(ROOT / "scripts" / "system_packages.sh")
    subprocess.run([str(shutil.which("bash")), script], env={"PATH": str(programs)}, check=True, timeout=30)

    update, install = calls.read_text().splitlines()
    assert update.split()[0] == "update"
    assert install.split()[0] == "install"
    assert {"chromium", "chromium-headless-shell"} & set(install.split()) == {installed}
