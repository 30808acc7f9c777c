"""Servers that are forked from a process which has imported all of them: two seconds of work less for each."""

import atexit
from collections.abc import Mapping, Sequence

from tests.support.forked_processes import SERVER, Forked, Forker
from tests.support.servers import LabServer

# What the server's program, its first page and the processes of its runs import.
MODULES = (SERVER, "api.thread_events", "pandas", "pages.pattern", "streamlit.elements.arrow", "lab.worker")


class ForkedServer(LabServer):
    """A lab's server as `LabServer` is one, for tests that aren't about its start: not started anew but forked."""

    def _started(self, command: Sequence[str], env: Mapping[str, str]) -> Forked:
        process = FORKER.fork(SERVER, str(self._log), *command, env=env)
        # It reads nothing, and writes to its log.
        process.stdin.close()
        process.stdout.close()
        return process


FORKER = Forker(MODULES)
atexit.register(FORKER.close)
