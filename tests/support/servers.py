"""Real servers for tests: the lab in a process of its own, and PostgreSQL from this machine's binaries."""

import http.client
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.support.project import ROOT

HOST = "127.0.0.1"
CONFUSING = ("LAB_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_", "STREAMLIT_")
"""Settings of whoever starts the tests; a server under test gets none of them."""


class ServerFailed(RuntimeError):
    """Raised when a server doesn't start or doesn't end; carries the end of what it logged."""


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.bind((HOST, 0))
        port: int = attempt.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Say whether something accepts connections on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex((HOST, port)) == 0


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(CONFUSING)}


class Process(Protocol):
    """What a server needs of its process."""

    @property
    def pid(self) -> int:
        """The number of the process."""
        ...

    @property
    def returncode(self) -> int | None:
        """How the process ended, None while it runs."""
        ...

    def poll(self) -> int | None:
        """Return how the process ended, None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process; raises `subprocess.TimeoutExpired`."""
        ...


class LabServer:
    """A running `streamlit run` in a process group of its own."""

    def __init__(self, script: Path, data: Path, env: Mapping[str, str], port: int | None = None) -> None:
        """Start the script; `data` holds its database and its log, `env` wins over the defaults for tests."""
        self.script, self.data = script, data
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        data.mkdir(parents=True, exist_ok=True)
        self._log = data / f"server-{self.port}-{secrets.token_hex(4)}.log"
        environment = _clean_environment() | {
            "LAB_DATABASE": str(data / "lab.sqlite"),
            "LAB_PACE": "0",
            "LAB_PLAY_SECONDS": "0",
            # Blank, not absent: a developer's own .env would fill in what's absent.
            "OPENAI_API_KEY": "",
            "OPENAI_BASE_URL": "",
            "LANGSMITH_TRACING": "false",
            "PYTHONUNBUFFERED": "1",
        }
        options = (f"--server.address={HOST}", f"--server.port={self.port}", "--server.headless=true")
        self._process = self._started(("run", str(script), *options), environment | dict(env))
        self.pid = self._process.pid

    def _started(self, command: Sequence[str], env: Mapping[str, str]) -> Process:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "streamlit", *command],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self, seconds: float = 60) -> None:
        """Return when the server answers; raises ServerFailed with its log where it doesn't."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self.script} ended with {self._process.returncode} before it answered.\n{self}")
            if self._is_healthy():
                return
            time.sleep(0.05)
        raise ServerFailed(f"{self.script} didn't answer at {self.url} within {seconds} s.\n{self}")

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/_stcore/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def log(self) -> str:
        """Return all that the server has printed."""
        return self._log.read_text(errors="replace")

    def __str__(self) -> str:
        return f"Log of {self.url}:\n{self.log()[-4000:]}"

    @property
    def running(self) -> bool:
        """True until the server's process has ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the server as a crash does: SIGKILL, no chance to save anything."""
        self._signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self, seconds: float = 15) -> int:
        """End the server as Ctrl+C does and return its exit code; one that doesn't end is killed and reported."""
        self._signal(signal.SIGINT)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"The server didn't end within {seconds} s of SIGINT and was killed.\n{self}") from None

    def assert_gone(self) -> None:
        """Fail where a process of the server is left or its port still answers."""
        assert not self.running, f"The server still runs as {self.pid}."
        deadline = time.monotonic() + 5
        while self._signal(0) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not self._signal(0), f"The server left child processes in group {self.pid}."
        assert not listens(self.port), f"Something still listens at {self.url}."

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def postgresql_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server programs, or None where there are none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """A PostgreSQL server on a free loopback port with an empty cluster, which it deletes at the end."""

    def __init__(self, programs: Path) -> None:
        """Make the cluster and start the server, as somebody unprivileged where the tests run as root."""
        self._programs = programs
        self._password = secrets.token_urlsafe(12)
        self._owner = _unprivileged() if os.geteuid() == 0 else None
        self.port = free_port()
        # Not pytest's own temporary folder: that one is closed to any other user.
        self._home = Path(tempfile.mkdtemp(prefix="lab-postgres-"))
        try:
            self._start()
        except BaseException:
            shutil.rmtree(self._home, ignore_errors=True)
            raise

    def _start(self) -> None:
        word = self._home / "password"
        word.write_text(self._password)
        if self._owner:
            for path in (self._home, word):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        cluster = self._home / "cluster"
        made = self._run(
            "initdb",
            # What other ways to check a password compute takes longer than all else that a connection does.
            *("-D", str(cluster), "-U", "lab", "--auth=md5", f"--pwfile={word}"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        if made.wait(60) != 0:
            raise ServerFailed(f"initdb ended with {made.returncode}.\n{self}")
        # A test cluster is never read again after a power cut, so nothing waits for the disk.
        options = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(self._home),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        self._process = self._run(
            "postgres", "-D", str(cluster), *(f"--{name}={value}" for name, value in options.items())
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise ServerFailed(f"PostgreSQL didn't start on port {self.port}.\n{self}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._home / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments],
                cwd="/",
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._owner.pw_uid if self._owner else None,
                group=self._owner.pw_gid if self._owner else None,
                extra_groups=[] if self._owner else None,
            )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://lab:{quote(self._password)}@{HOST}:{self.port}/{database}"

    def create_database(self, copied: str = "template0") -> str:
        """Make an empty database, or a copy of one that nobody is connected to, and return its name."""
        name = f"lab_{secrets.token_hex(6)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(copied)))
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database, and end whatever connections it still has."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """End the server with all its connections and delete the cluster."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            raise ServerFailed(f"PostgreSQL didn't end within 30 s and was killed.\n{self}") from None
        finally:
            shutil.rmtree(self._home, ignore_errors=True)
        assert not listens(self.port), f"Something still listens on port {self.port}."

    def __str__(self) -> str:
        log = self._home / "log"
        return f"Log of PostgreSQL:\n{log.read_text(errors='replace')[-4000:] if log.exists() else ''}"


def _unprivileged(names: Sequence[str] = ("postgres", "nobody")) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerFailed(f"PostgreSQL refuses to run as root, and there is no user {' or '.join(names)} to run it as.")
