"""What LAB_DATABASE may say: understood, or refused at start in words that repeat no password."""

import logging
import os
import socket
import subprocess
import sys
import time
import traceback
from contextlib import closing
from pathlib import Path

import pytest

from lab.database import postgresql, read_address
from lab.database.address import Address
from lab.errors import InvalidSettings, UnusableDatabase
from lab.lab import Lab
from lab.settings import read_settings
from tests.support.fixtures_servers import StartLab
from tests.support.labs import quiet
from tests.support.project import ROOT
from tests.support.servers import PostgresServer, free_port
from tests.support.toy_patterns import begin, end, two_steps

PASSWORD = "geheim"


@pytest.mark.parametrize("given", ["memory", " Memory ", ":memory:", "sqlite://", "sqlite:///:memory:"])
def test_memory_is_understood(given: str) -> None:
    assert read_address(given) == Address("memory")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("lab.sqlite", "lab.sqlite"),
        ("data/my lab #1.sqlite", "data/my lab #1.sqlite"),
        ("sqlite:///data/lab.sqlite", "data/lab.sqlite"),
        ("SQLite:////var/lab.sqlite", "/var/lab.sqlite"),
        ("sqlite+pysqlite:///lab.sqlite", "lab.sqlite"),
        ("./a:b@c.sqlite", "a:b@c.sqlite"),
        ("/odd/host=1 user=2", "/odd/host=1 user=2"),
    ],
)
def test_the_path_of_a_file_is_understood(given: str, path: str) -> None:
    assert read_address(given) == Address("sqlite", Path(path))


@pytest.mark.parametrize("given", ["~/threads/lab.sqlite", "sqlite:///~/threads/lab.sqlite"])
def test_a_home_folder_is_understood(given: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_address(given) == Address("sqlite", tmp_path / "threads" / "lab.sqlite")


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "PostgreSQL", "postgresql+psycopg", "postgresql+psycopg2", "Postgres+AsyncPG"]
)
def test_any_way_to_write_a_url_of_postgresql_opens_it(
    scheme: str, postgres_lab_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = Lab(quiet(postgres_lab_database.replace("postgresql", scheme, 1)), patterns=[two_steps()])

    assert lab.storage.kind == "postgresql"
    assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
    assert list(tmp_path.iterdir()) == []
    lab.close()


@pytest.mark.parametrize(
    "given",
    [
        f"mysql://lab:{PASSWORD}@host/db",
        f"redis://:{PASSWORD}@host",
        f"lab:{PASSWORD}@host/db",
        f"postgresql:/lab:{PASSWORD}@host/db",
        f"postgresql:lab:{PASSWORD}@host/db",
        f"host=localhost password={PASSWORD} dbname=lab",
        f"postgresql://lab:a@{PASSWORD}@host/db",
        f"postgresql://lab:a/{PASSWORD}@host/db",
        f"postgresql://lab:5/{PASSWORD}@host/db",
        f"postgresql://lab:a?{PASSWORD}@host/db",
        f"postgresql://lab:a#{PASSWORD}@host/db",
        f"postgresql://lab:%zz{PASSWORD}@host/db",
        f"postgresql://lab:a {PASSWORD}@host/db",
        f"postgresql://lab:{PASSWORD}@host:port/db",
        f"postgresql://lab:{PASSWORD}@host/db?unheard=of",
        f"sqlite://lab:{PASSWORD}@host/db",
        f"sqlite:///lab.sqlite?key={PASSWORD}",
        "~nobody-of-this-name/lab.sqlite",
    ],
)
def test_what_names_no_database_clearly_is_refused_without_its_password(
    given: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UnusableDatabase) as refused:
        Lab(quiet(given), patterns=[two_steps()])

    told = "".join(traceback.format_exception(refused.value)) + caplog.text + "".join(capfd.readouterr())
    assert "LAB_DATABASE" in str(refused.value)
    assert PASSWORD not in told
    assert PASSWORD not in repr(quiet(given))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabase, match="names the folder"):
        Lab(quiet(str(tmp_path)), patterns=[two_steps()])
    assert list(tmp_path.iterdir()) == []


def test_a_path_through_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UnusableDatabase, match="can't be opened"):
        Lab(quiet(str(tmp_path / "file" / "lab.sqlite")), patterns=[two_steps()])


@pytest.mark.parametrize("what", ["password", "user", "database", "down", "host"])
def test_a_postgresql_that_cannot_be_used_is_refused_soon_and_without_the_password(
    what: str,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    port = postgres_server.port
    right = postgres_server.url()
    given, words = {
        "password": (f"postgresql://lab:{PASSWORD}@127.0.0.1:{port}/postgres", "refuses the user or the password"),
        "user": (f"postgresql://unheard_of:{PASSWORD}@127.0.0.1:{port}/postgres", "refuses the user or the password"),
        "database": (right.removesuffix("postgres") + "unheard_of", "has no database 'unheard_of'"),
        "down": (f"postgresql://lab:{PASSWORD}@127.0.0.1:1/postgres", "LAB_DATABASE"),
        "host": (f"postgresql://lab:{PASSWORD}@unheard-of.invalid/postgres", "LAB_DATABASE"),
    }[what]
    secret = right.split(":")[2].partition("@")[0]
    began = time.monotonic()
    with pytest.raises(UnusableDatabase) as refused:
        Lab(quiet(given), patterns=[two_steps()])

    assert time.monotonic() - began < postgresql.CONNECT_TIMEOUT + 1
    assert words in str(refused.value)
    told = "".join(traceback.format_exception(refused.value)) + caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in told
    assert secret not in told


def test_a_postgresql_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_TIMEOUT", 0.3)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UnusableDatabase, match="doesn't answer"):
            Lab(quiet(f"postgresql://lab:{PASSWORD}@127.0.0.1:{port}/lab"), patterns=[two_steps()])


def test_settings_that_cannot_be_used_are_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_POOL_SIZE", "1")
    monkeypatch.setenv("LAB_PACE", PASSWORD)
    with pytest.raises(InvalidSettings) as refused:
        read_settings()

    assert "LAB_POOL_SIZE: input should be greater than or equal to 2" in str(refused.value)
    assert "LAB_PACE" in str(refused.value)
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "settings",
    [
        {"LAB_DATABASE": str(ROOT)},
        {"LAB_DATABASE": f"postgresql://lab:{PASSWORD}@127.0.0.1:1/lab"},
        {"LAB_DATABASE": "memory", "LAB_POOL_SIZE": "1"},
    ],
    ids=["a folder", "a server that is down", "a setting"],
)
def test_make_run_says_in_one_line_why_it_cannot_start_and_tells_no_address(settings: dict[str, str]) -> None:
    started = subprocess.run(
        [sys.executable, "scripts/run.py", "--port", str(free_port())],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert started.stdout == ""
    assert started.stderr.startswith("The lab can't start. ")
    assert started.stderr.count("\n") == 1
    assert PASSWORD not in started.stderr


def test_a_server_that_cannot_open_its_database_says_why_and_ends(lab_server: StartLab, tmp_path: Path) -> None:
    server = lab_server({"LAB_DATABASE": str(tmp_path)}, healthy=False)
    deadline = time.monotonic() + 60
    while server.running and time.monotonic() < deadline:
        time.sleep(0.05)

    assert server._process.returncode == 1
    assert "The lab can't start. LAB_DATABASE names the folder" in server.log()
    assert "Traceback" not in server.log()
