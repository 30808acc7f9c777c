"""A full disk: a run fails in words, what was saved is read, and deleting makes room."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.lab import Lab
from tests.support.fixtures_servers import lacks
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.toy_patterns import ran, two_steps

LIVES = """
import os, sys
from pathlib import Path
from lab.errors import StorageUnavailable
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import begin, chain, end, lane, names, ran, toy, two_steps

folder = Path(sys.argv[1])
heavy = toy(lane(chain(a=lambda _: {"done": [os.urandom(100_000).hex()]})), slug="heavy")
lab = Lab(quiet(str(folder / "lab.sqlite")), patterns=[heavy, two_steps()])
workspace = lab.workspace("w")


def fill() -> None:
    with (folder / "other").open("ab", buffering=0) as file:
        try:
            while file.write(b"x" * 4096) == 4096:
                pass
        except OSError:
            pass


light = ran(workspace)
told = ""
while not told:
    try:
        told = end(workspace, begin(workspace, "heavy")).error
    except StorageUnavailable as error:
        told = str(error)
print("disk of the database is full" in told)
fill()
refused = ""
# What the file itself still has room for is begun.
for _ in range(200):
    try:
        end(workspace, begin(workspace, "heavy"))
    except StorageUnavailable as error:
        refused = str(error)
        break
print("threads can be deleted" in refused)
print(names(workspace, light))
for thread in [found for found in workspace.threads.newest() if found.pattern == "heavy"][:10]:
    workspace.threads.delete(thread.thread_id)
    fill()
(folder / "other").unlink()
print(end(workspace, begin(workspace)).outcome, names(workspace, light))
lab.close()
print(sorted(found.name for found in folder.iterdir()))
"""
"""Fills a small disk, and makes room on it; whatever room there is, another program takes."""


@pytest.mark.processes
def test_on_a_full_disk_runs_fail_in_words_and_threads_can_be_deleted(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        lacks("unshare", "util-linux")
    mounted = ["sh", "-c", 'mount -t tmpfs -o size=20m tmpfs "$1" && exec "$2" -c "$3" "$1"', "sh"]
    lived = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", *mounted, str(tmp_path), sys.executable, LIVES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert lived.returncode == 0, lived.stderr
    assert lived.stdout.splitlines() == [
        "True",
        "True",
        "['a', 'b']",
        "finished ['a', 'b']",
        "['lab.sqlite']",
    ]


def test_the_room_that_is_kept_back_goes_with_the_last_who_has_the_database_open(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    reserve = tmp_path / "lab.sqlite-reserve"
    first = Lab(quiet(str(path)), patterns=[two_steps()])
    second = Lab(quiet(str(path)), patterns=[two_steps()])
    ran(first.workspace("w"))
    first.close()

    assert reserve.stat().st_blocks * 512 >= 8 * 2**20
    assert reserve.stat().st_mode & 0o777 == 0o600
    second.close()
    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite"]


def test_a_lab_without_room_to_keep_back_works_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "lab.sqlite-reserve").mkdir()
    lab = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[two_steps()])
    workspace = lab.workspace("w")
    workspace.threads.delete(ran(workspace))

    assert workspace.threads.newest() == ()
    lab.close()
