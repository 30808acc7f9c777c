"""The tests' own machinery: each server really starts, really ends, and the browser really stays on this machine."""

import http.client
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import fixtures_servers
from tests.support.browser_verbs import (
    Watch,
    axe,
    becomes,
    cell,
    click,
    expect_row,
    fill,
    idle,
    keyed,
    select_row,
    visit,
)
from tests.support.fixtures_servers import StartLab
from tests.support.servers import LabServer, ServerFailed, listens

SCRIPT = """
import os
import streamlit as st

st.title("A page")
with st.container(key="said"):
    st.write(os.environ.get("LAB_TEST_WORD", "nothing"))
name = st.text_input("Name", key="name")
if st.button("Greet", key="greet", type="primary"):
    with st.container(key="greeting"):
        st.write(f"Hello {name}")
chosen = st.dataframe(
    {"step": [0, 1, 2], "node": ["plan", "write", "check"]},
    key="rows", on_select="rerun", selection_mode="multi-row", hide_index=True,
)
with st.container(key="chosen"):
    st.write(f"Chosen: {chosen.selection.rows}")
"""

FURNITURE = """
import streamlit as st

st.title("Everything that has a colour")
st.caption("A caption")
with st.sidebar:
    st.caption("A caption at the side")
    st.button("At the side")
st.button("Primary", type="primary", key="first")
st.button("Secondary", key="second")
st.button("Tertiary", type="tertiary", key="third")
st.markdown("A [link](#there) and `code`, :green[green], :red[red], :blue[blue], :orange[orange], :violet[violet], "
            ":gray[gray], :green-badge[done] :red-badge[failed] :orange-badge[waiting] "
            ":blue-badge[running] :gray-badge[idle] :violet-badge[forked]")
st.info("Info")
st.success("Success")
st.warning("Warning")
st.error("Error")
st.code("plain code", language=None)
st.tabs(["One", "Two"])
st.segmented_control("Which", ["a", "b"], default="a")
st.pills("Some", ["a", "b"], default="a")
st.metric("Cost", 12, delta=3)
st.dataframe({"a": [1]})
st.expander("More", expanded=True).write("Inside")
st.progress(0.5, text="Half")
st.text_input("Word", placeholder="Type here", help="Help")
st.chat_input("Say something")
with st.chat_message("assistant"):
    st.write("Hello")
with st.container(height=100):
    st.write("A long text. " * 200)
st.status("Working", state="complete")
st.bar_chart({"a": [1, 2]})
st.table({"a": [1]})
st.dataframe({"a": [1]}, on_select="rerun", selection_mode="multi-row", key="table")
st.toast("A toast", duration="infinite")
"""


def app(folder: Path, script: str) -> Path:
    """Write a page and the application that serves it."""
    (folder / "page.py").write_text(script)
    path = folder / "app.py"
    path.write_text(f"import streamlit as st\n\napp = st.App({str(folder / 'page.py')!r})\n")
    return path


@pytest.fixture
def served(lab_server: StartLab, tmp_path: Path) -> LabServer:
    return lab_server({"LAB_TEST_WORD": "fish"}, script=app(tmp_path, SCRIPT))


def test_a_database_is_empty_and_real(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        connection.execute("CREATE TABLE thing (id int)")
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'thing'").fetchone()
    assert row == (1,)


def test_each_test_has_a_database_of_its_own(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'thing'").fetchone()
    assert row == (0,)


def test_the_database_server_asks_for_its_password(postgres_url: str) -> None:
    start, _, end = postgres_url.rpartition("@")
    stranger = start.rpartition(":")[0] + ":wrong@" + end
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stranger)


def test_a_server_answers_with_its_settings_and_ends_when_told(served: LabServer, page: Page) -> None:
    visit(page, served.url)
    expect(keyed(page, "said")).to_have_text("fish")
    served.stop()
    served.assert_gone()
    assert "Traceback" not in served.log()


def test_the_settings_of_whoever_starts_the_tests_stay_out(
    lab_server: StartLab, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_TEST_WORD", "meat")
    server = lab_server(script=app(tmp_path, SCRIPT))
    visit(page, server.url)
    expect(keyed(page, "said")).to_have_text("nothing")


def test_a_killed_server_leaves_its_port_to_the_next_one(served: LabServer, lab_server: StartLab) -> None:
    served.kill()
    assert not listens(served.port)
    again = lab_server(script=served.script, data=served.data, port=served.port)
    assert again.pid != served.pid
    assert listens(again.port)


def test_a_server_that_cannot_start_says_why(lab_server: StartLab, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"no_such_file\.py"):
        lab_server(script=tmp_path / "no_such_file.py")


def test_a_server_listens_on_this_machine_only(served: LabServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("GET", "/_stcore/health")
    assert connection.getresponse().status == 200
    connection.close()
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    wanted = f"{served.port:04X}"
    assert [local for _, local, _, state, *_ in listening if state == "0A" and local.endswith(f":{wanted}")] == [
        f"0100007F:{wanted}"
    ]


def test_a_page_is_filled_in_pressed_and_read(served: LabServer, page: Page) -> None:
    visit(page, served.url)
    fill(page, "name", "Ada")
    click(page, "greet")
    expect(keyed(page, "greeting")).to_have_text("Hello Ada")


def test_a_row_is_marked_unmarked_and_read(served: LabServer, page: Page) -> None:
    visit(page, served.url)
    chosen = keyed(page, "chosen")
    select_row(page, "rows", 1)
    expect(cell(page, "rows", 1, 2)).to_have_text("write")
    expect(chosen).to_have_text("Chosen: [1]")
    select_row(page, "rows", 2)
    expect(chosen).to_have_text("Chosen: [1, 2]")
    select_row(page, "rows", 1, selected=False)
    expect_row(page, "rows", 2)
    expect(chosen).to_have_text("Chosen: [2]")


def test_a_request_to_the_outside_fails_and_is_recorded(served: LabServer, page: Page, watch: Watch) -> None:
    visit(page, served.url)
    assert watch.outside == []
    failed = page.evaluate("fetch('https://example.com/x').then(() => 'reached', error => 'failed')")
    page.evaluate("new Promise(done => { new WebSocket('wss://example.com/y').onerror = done }).then(() => 0)")
    page.evaluate("fetch('http://192.0.2.1/z').then(() => 'reached', error => 'failed')")
    assert failed == "failed"
    assert watch.outside == ["https://example.com/x", "wss://example.com/y", "http://192.0.2.1/z"]
    assert any("ERR_NAME_NOT_RESOLVED" in line for line in watch.console)
    watch.outside.clear()


def test_what_goes_wrong_in_a_page_is_recorded(served: LabServer, page: Page, watch: Watch) -> None:
    visit(page, served.url)
    page.evaluate("console.error('an error'); setTimeout(() => { throw new Error('nobody catches this') })")
    becomes(page, lambda: "an error" in watch.console, True)
    becomes(page, lambda: any("nobody catches this" in error for error in watch.errors), True)


def test_two_visitors_share_no_cookies(served: LabServer, new_context: Callable[..., BrowserContext]) -> None:
    one, two = new_context(), new_context()
    one.add_cookies([{"name": "who", "value": "one", "url": served.url}])
    assert [cookie.get("value") for cookie in one.cookies()] == ["one"]
    assert two.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_streamlits_own_furniture_is_accessible_in_this_theme(
    lab_server: StartLab, new_context: Callable[..., BrowserContext], tmp_path: Path, scheme: str
) -> None:
    server = lab_server(script=app(tmp_path, FURNITURE))
    page = new_context(color_scheme=scheme).new_page()
    visit(page, server.url)
    expect(page.get_by_text("A toast")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    expect(page.locator("canvas[data-testid=data-grid-canvas]")).to_have_count(2)
    assert axe(page) == []


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src='data:image/png;base64,'></main>")
    assert [finding.split()[0] for finding in axe(page)] == ["image-alt"]


def test_a_missing_program_fails_where_nothing_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        fixtures_servers.lacks("Chromium", "chromium")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        fixtures_servers.lacks("Chromium", "chromium")


def test_idle_waits_for_the_end_of_the_script(lab_server: StartLab, page: Page, tmp_path: Path) -> None:
    slow = "import time\nimport streamlit as st\nst.title('x')\ntime.sleep(1)\nst.container(key='end').write('done')\n"
    server = lab_server(script=app(tmp_path, slow))
    page.goto(server.url)
    idle(page)
    expect(keyed(page, "end")).to_have_text("done", timeout=1)


def test_idle_waits_for_the_code_of_each_element(lab_server: StartLab, page: Page, tmp_path: Path) -> None:
    server = lab_server(script=app(tmp_path, "import streamlit as st\nst.slider('How many', 0, 3)\n"))
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    visit(page, server.url)
    assert page.get_by_test_id("stSkeleton").count() == 0
    assert page.get_by_role("slider").count() == 1


def test_a_page_that_cannot_be_compiled_fails_at_once(lab_server: StartLab, page: Page, tmp_path: Path) -> None:
    server = lab_server(script=app(tmp_path, "def broken(:"))
    with pytest.raises(AssertionError, match="can't be compiled"):
        visit(page, server.url)
