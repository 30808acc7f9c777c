"""Whatever a visitor clicks while a pattern runs, no page breaks: random clicks in a real browser."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from tests.support.browser_verbs import idle
from tests.support.pattern_journeys import run, running_lab
from tests.support.servers import LabServer

SEEDS = int(os.environ.get("TEST_CLICK_SEEDS", "1"))
"""Rounds of clicks a pattern; each of ten is sound too, but takes its time."""

PACE = {"LAB_PACE": "40"}
"""Slow enough that a run goes on while the clicks fall."""

PATIENCE = 90
"""Seconds that the runs which the clicks began have to end; those of a pattern that kills are processes of their own,
of which a busy machine starts a few at a time."""

CLICKS = """async ([seed, count]) => {
  const random = () => {  // mulberry32
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const kinds = [
    '.stMain .lg .nd', '.stMain .lg .nd',
    '.stMain [class*="_example"] button', '.stMain [class*="_lane"] [role=radio]',
    '.stMain [role=tab]', '.stMain svg.ct .it', '.stMain summary',
    '.stMain :is(.stFormSubmitButton, [class*="_send"]) button:not([disabled])', '.stMain .stCheckbox label',
  ]
  const said = []
  for (let number = 0; number < count; number++) {
    const found = [...document.querySelectorAll(kinds[Math.floor(random() * kinds.length)])]
    const target = found[Math.floor(random() * found.length)]
    if (target) {
      said.push(target.getAttribute('aria-label') ?? target.innerText ?? target.tagName)
      target.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true, composed: true, detail: 1}))
    }
    await new Promise(done => setTimeout(done, 5 + random() * 20))
    if (document.querySelector('[data-testid=stException]')) break
  }
  return said
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("clicks"), PACE) as running:
        yield running


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_fifty_random_clicks_while_a_pattern_runs_break_no_page(
    pattern: Pattern, seed: int, server: LabServer, page: Page
) -> None:
    logged = len(server.log())
    run(page, server, pattern.slug)
    page.wait_for_url("**thread=*")
    said = page.evaluate(CLICKS, [CATALOGUE.index(pattern) * 1000 + seed, 50])
    expect(page.get_by_test_id("stException"), f"The page broke after {said}").to_have_count(0)
    idle(page, PATIENCE)
    expect(page.get_by_test_id("stException"), f"The page broke after {said}").to_have_count(0)
    by_hash = page.evaluate("window.scriptRuns.byHash")
    assert by_hash == 0, "A browser that has dropped what a hash stands for cuts its page off from the server."
    assert "Traceback" not in server.log()[logged:], f"{said}\n{server}"
