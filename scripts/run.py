"""Starts the lab on this machine's loopback address and says where it is."""

import argparse
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab.checkpoints import open_storage
from lab.errors import LabError
from lab.runs import Claims
from lab.settings import read_settings

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.bind((HOST, 0))
        port: int = attempt.getsockname()[1]
    return port


def others() -> list[str]:
    """Return where labs run already on the database of the settings; raises LabError where it can't be opened."""
    settings = read_settings()
    with open_storage(settings) as storage:
        return Claims(storage.database, settings.lease, settings.runs_per_workspace).others()


def main() -> None:
    """Pick the port and become the server, so that Ctrl+C reaches it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8501)
    wanted = parser.parse_args().port
    os.chdir(ROOT)
    # Before any address is told, which nobody could open then.
    try:
        running = others()
    except LabError as error:
        sys.exit(f"The lab can't start. {error}")
    if running:
        print(f"A lab is running already on this database: {', '.join(running)}. This one works beside it.")
    port = wanted
    if not is_free(wanted):
        port = free_port()
        print(f"Port {wanted} is taken; using {port}. Choose one by: make run PORT=...")
    os.environ["LAB_ADDRESS"] = f"http://{HOST}:{port}"
    print(f"The lab starts at http://{HOST}:{port} - Ctrl+C stops it.", flush=True)
    os.execv(
        sys.executable,
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.address={HOST}", f"--server.port={port}"],
    )


if __name__ == "__main__":
    main()
