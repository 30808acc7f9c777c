"""Many pages at once in one server process, each read by a client that tells how long every word was on its way."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from benchmarks.clock import PACE, ages
from benchmarks.cpu import cpu_seconds
from benchmarks.measure import Figure
from benchmarks.protocol import ProtocolPage, open_page, visitor
from tests.support.project import ROOT
from tests.support.servers import LabServer

LAB = ROOT / "benchmarks" / "crowd_app.py"
HELLO = ROOT / "benchmarks" / "hello_stream.py"
SECONDS = 6.0
"""That are measured, once all pages stream."""
OPENING = 8
"""Pages that are opened or set to work at the same time."""
PATIENCE = 20.0
"""Seconds in which all pages have to be there; one that isn't is measured as it is."""
RUNNING = 3
"""Threads that watchers look at."""
NOTE = "as many hello pages that stream the same"


@dataclass(slots=True)
class Reader:
    """Takes down how old each word is that comes to one page."""

    lags: list[float] = field(default_factory=list)
    newest: int = 0

    def hear(self, message: bytes, now: float) -> None:
        """Look for words in a message."""
        fresh, self.newest = ages(message, self.newest, now)
        self.lags += fresh


@dataclass(frozen=True, slots=True)
class Load:
    """What a crowd of pages costs, and what each of them gets."""

    cpu: float
    """Percent of a core that the server takes."""
    lag: float
    """Milliseconds that 95 of 100 words need at most to their page."""
    empty: int
    """Pages to which no word came."""
    slowest: float
    """The same lag on the page where it's longest."""


def figures() -> Iterator[Figure]:
    """Measure the crowds."""
    for name, pages, watched in (("sessions_30", 30, 0), ("sessions_60", 60, 0), ("watchers_150", 150, RUNNING)):
        load = crowd(LAB, "clock", pages, watched)
        hello = crowd(HELLO, "", pages, 0)
        empty = f", {load.empty} pages stayed empty" if load.empty else ""
        yield Figure(f"{name}_cpu", load.cpu, "%", hello.cpu, NOTE)
        yield Figure(f"{name}_lag_p95", load.lag, "ms", hello.lag, f"{NOTE}; slowest page {load.slowest:.0f} ms{empty}")


def crowd(script: Path, name: str, pages: int, watched: int) -> Load:
    """Have so many pages stream, each its own run or together those of a few pages that they watch."""
    with served(script) as server:
        return asyncio.run(_measured(server, name, pages, watched))


@contextmanager
def served(script: Path) -> Iterator[LabServer]:
    """Run a server of its own for the block."""
    with TemporaryDirectory() as data:
        server = LabServer(script, Path(data), {"LAB_WORKSPACES": "own", "LAB_PACE": str(PACE)})
        try:
            server.wait_until_healthy()
            yield server
        finally:
            server.kill()


async def _measured(server: LabServer, name: str, pages: int, watched: int) -> Load:
    if watched:
        cookie = visitor(server.url)
        running = await _opened(server.url, name, [("", cookie)] * watched)
        await _run(running)
        places = [(f"thread={running[number % watched].thread}", cookie) for number in range(pages)]
        shown = await _opened(server.url, name, places, finished=False)
    else:
        running = shown = await _opened(server.url, name, [("", visitor(server.url)) for _ in range(pages)])
        await _run(running)
    load = await _listened(server, shown)
    for page in {id(page): page for page in (*running, *shown)}.values():
        page.close()
    return load


async def _opened(
    url: str, name: str, places: Sequence[tuple[str, str]], *, finished: bool = True
) -> list[ProtocolPage]:
    """Open pages by their query and cookie, a few at a time; one that follows a run never comes to its script's end."""
    gate, deadline = asyncio.Semaphore(OPENING), time.monotonic() + PATIENCE

    async def one(query: str, cookie: str) -> ProtocolPage:
        async with gate:
            page = await open_page(url, name, query, cookie)
            await page.until(lambda page: page.drawn if finished else page.words > 0, deadline)
            return page

    return list(await asyncio.gather(*(one(query, cookie) for query, cookie in places)))


async def _run(pages: Sequence[ProtocolPage]) -> None:
    gate, deadline = asyncio.Semaphore(OPENING), time.monotonic() + PATIENCE

    async def one(page: ProtocolPage) -> None:
        async with gate:
            await page.ask("clock_run")
            await page.until(lambda page: page.words > 0, deadline)

    await asyncio.gather(*map(one, pages))


async def _listened(server: LabServer, pages: Sequence[ProtocolPage]) -> Load:
    readers = [Reader() for _ in pages]
    # What comes first to a page is older than the page.
    await asyncio.sleep(2)
    for page, reader in zip(pages, readers, strict=True):
        page.heard = reader.hear
        reader.newest = int(time.monotonic() * 10_000)
    before, began = cpu_seconds(server.pid), time.monotonic()
    await asyncio.sleep(SECONDS)
    cpu = (cpu_seconds(server.pid) - before) / (time.monotonic() - began) * 100
    each = [_p95(reader.lags) for reader in readers if reader.lags]
    return Load(
        cpu=cpu,
        lag=_p95([lag for reader in readers for lag in reader.lags]),
        empty=sum(not reader.lags for reader in readers),
        slowest=max(each, default=0.0),
    )


def _p95(lags: Sequence[float]) -> float:
    # Where nothing comes, it takes at least as long as it was waited for.
    return (quantiles(lags, n=20, method="inclusive")[-1] if len(lags) > 1 else SECONDS) * 1000


if __name__ == "__main__":
    for figure in figures():
        print(f"{figure.name:24} {figure.value:10.1f} {figure.reference:10.1f}  {figure.note}", flush=True)
