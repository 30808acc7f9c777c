"""Fixtures around real servers and a real browser; `conftest.py` names this module in `pytest_plugins`."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from lab.lab import Lab
from tests.support.browser_verbs import FLAGS, Watch, count_runs
from tests.support.labs import quiet
from tests.support.lent_databases import LentDatabases
from tests.support.openai_server import OpenAIServer
from tests.support.project import ROOT
from tests.support.servers import LabServer, PostgresServer, postgresql_programs

FAILED = pytest.StashKey[bool]()
PICTURES = ROOT / "test-results"
WINDOW: ViewportSize = {"width": 1440, "height": 900}
PATIENCE = 30_000
"""Milliseconds; it decides how late a failure is told on a busy machine, never what a test finds."""


def lacks(what: str, package: str) -> NoReturn:
    """Skip the test, or fail it in continuous integration, where nothing may be left out unnoticed."""
    message = f"{what} isn't installed here. On Debian and Ubuntu: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{message} (CI=true: a test that can't run is a failure)", pytrace=False)
    pytest.skip(message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember whether a test failed, for the fixtures that it ends."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests."""
    programs = postgresql_programs()
    if programs is None:
        lacks("PostgreSQL's server", "postgresql")
    server = PostgresServer(programs)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """Address of the server's first database; tests that write take `postgres_database`."""
    return postgres_server.url()


@pytest.fixture(scope="session")
def lent_databases(postgres_server: PostgresServer) -> LentDatabases:
    """Provide databases with the lab's tables, one after the other."""
    return LentDatabases(postgres_server)


@pytest.fixture
def postgres_lab_database(postgres_server: PostgresServer, lent_databases: LentDatabases) -> Iterator[str]:
    """Address of a database with the lab's tables and no row, for one test alone."""
    name = lent_databases.lend()
    yield postgres_server.url(name)
    lent_databases.take_back(name)


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database, for one test alone."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


class StartLab(Protocol):
    """Starts a server and waits until it answers."""

    def __call__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        script: Path = ROOT / "app.py",
        data: Path | None = None,
        port: int | None = None,
        healthy: bool = True,
    ) -> LabServer:
        """Start a lab; `data` given again is a restart on the same database, `healthy` False returns at once."""
        ...


@pytest.fixture
def server_kind() -> type[LabServer]:
    """Start servers as people do; where a test isn't about that, `ForkedServer` takes less."""
    return LabServer


@pytest.fixture
def lab_server(tmp_path: Path, server_kind: type[LabServer]) -> Iterator[StartLab]:
    """Start as many servers as a test wants and check that none is left behind."""
    servers: list[LabServer] = []

    def start(
        env: Mapping[str, str] | None = None,
        *,
        script: Path = ROOT / "app.py",
        data: Path | None = None,
        port: int | None = None,
        healthy: bool = True,
    ) -> LabServer:
        server = server_kind(script, data or tmp_path / "data", env or {}, port)
        servers.append(server)
        if healthy:
            server.wait_until_healthy()
        return server

    yield start
    try:
        for server in servers:
            if server.running:
                server.stop()
    finally:
        for server in servers:
            if server.running:
                server.kill()
    for server in servers:
        server.assert_gone()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium for the block."""
    # The shell draws pages and nothing else, where the whole browser also draws windows that nobody sees.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        lacks("Chromium", "chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


# While playwright's synchronous API is open its event loop counts as running, and `asyncio.run` refuses to work:
# a browser of the whole session would break the asynchronous tests of every later module.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; `tests/browser` has one for all of its modules."""
    with chromium() as started:
        yield started


@pytest.fixture
def watch() -> Watch:
    """Provide what the pages of this test asked for and complained about."""
    return Watch()


def opened(browser: Browser, **options: Any) -> BrowserContext:
    """Open a visitor with cookies of their own; take the options of playwright's `new_context`."""
    # What moves on a page that waits would have it drawn anew sixty times a second, by the processor alone.
    defaults = {"viewport": WINDOW, "service_workers": "block", "reduced_motion": "reduce"}
    context = count_runs(browser.new_context(**(defaults | options)))
    context.set_default_timeout(PATIENCE)
    return context


@contextmanager
def seen(request: pytest.FixtureRequest, watch: Watch, contexts: Sequence[BrowserContext]) -> Iterator[None]:
    """Leave pictures of all pages where the test fails in the block, and nothing may have come from outside."""
    yield
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(page for context in contexts for page in context.pages):
            page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png", full_page=True)
    assert watch.outside == [], "A page asked for something outside this machine."


@pytest.fixture
def new_context(
    browser: Browser, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Open further visitors, each with cookies of its own; take the options of playwright's `new_context`."""
    contexts: list[BrowserContext] = []
    with ExitStack() as stack, seen(request, watch, contexts):

        def open_context(**options: Any) -> BrowserContext:
            context = opened(browser, **options)
            stack.callback(context.close)
            stack.enter_context(watch.over(context))
            contexts.append(context)
            return context

        yield open_context


@pytest.fixture(scope="module")
def first_visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Open a visitor for all tests of a module, whose browser needs to load and compile a server's front end once."""
    context = opened(browser)
    yield context
    context.close()


@pytest.fixture
def page(first_visitor: BrowserContext, watch: Watch, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Provide an empty page of a first visitor, who was never here."""
    with ExitStack() as stack:
        stack.callback(forget_visit, first_visitor)
        # A new page would have a process of its own, which compiles the front end anew: half the time of a visit.
        page = first_visitor.pages[0] if first_visitor.pages else first_visitor.new_page()
        stack.enter_context(watch.over(first_visitor))
        stack.enter_context(seen(request, watch, [first_visitor]))
        yield page


def forget_visit(context: BrowserContext) -> None:
    """Delete what the lab's addresses have left in the browser, but for the front end, and leave one empty page."""
    for page in context.pages:
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear(), sessionStorage.clear()")
    context.clear_cookies()
    for number, page in enumerate(context.pages):
        if number:
            page.close()
        else:
            page.goto("about:blank")
            page.set_viewport_size(WINDOW)
            page.emulate_media(color_scheme="light", reduced_motion="reduce")


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """Provide a model server on this machine; a test says by `answer(...)` what comes next."""
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module", params=["memory", "sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab on each kind of storage for all tests of a module, as in life."""
    database = "memory"
    if request.param == "sqlite":
        database = str(tmp_path_factory.mktemp("stored") / "lab.sqlite")
    elif request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        database = server.url(server.create_database())
    lab = Lab(quiet(database))
    yield lab
    lab.close()
