"""How tests in the browser look at a page: by waiting for what should be there, never once and never after a while."""

import ast
from collections.abc import Iterator

from tests.support.project import ROOT

TESTS = ROOT / "tests"
BROWSER = {"playwright", "tests.support.browser_verbs", "tests.support.pattern_journeys"}
"""Who imports one of these looks at pages in a browser."""

WAITS = {"wait_for_timeout", "sleep"}
LOOKS = {
    *("all", "all_inner_texts", "all_text_contents", "bounding_box", "count", "evaluate", "evaluate_all"),
    *("get_attribute", "inner_html", "inner_text", "input_value", "is_checked", "is_disabled", "is_editable"),
    *("is_enabled", "is_hidden", "is_visible", "json_value", "text_content"),
}
"""What reads a page as it is at this very moment."""
STAYS = {"add_init_script", "expose_binding", "expose_function", "on", "once", "route", "set_default_timeout"}
"""What a page has for good, though the next test gets the same one."""
POLLS = {"awaited", "becomes"}
"""Who calls what it's given again and again until it's as wanted."""

ALLOWED = {
    (
        "pattern_journeys.py",
        "input_open",
        "count",
    ): "at a stop of a play, when nothing folds it",
    ("browser_verbs.py", "awaited", "wait_for_timeout"): "the pause between two looks",
    ("browser_verbs.py", "_settled", "json_value"): "what the wait itself found",
    ("browser_verbs.py", "_settled", "inner_text"): "the words of a failure",
    ("browser_verbs.py", "_settled", "evaluate"): "the words of a failure",
    ("browser_verbs.py", "drawn", "evaluate"): "a wait of the browser's own",
    ("browser_verbs.py", "answered", "evaluate"): "the count before anything is done, from which the wait goes on",
    (
        "browser_verbs.py",
        "tab_to",
        "evaluate",
    ): "a walk of as many steps as it takes: each look says whether another is needed",
    ("browser_verbs.py", "press_in_row", "bounding_box"): "where to press; whether it was taken is waited for",
    ("browser_verbs.py", "judged", "evaluate"): "axe itself, on a page at rest",
    ("browser_verbs.py", "unrolled", "json_value"): "what the wait itself found",
    ("browser_verbs.py", "unrolled", "evaluate"): "takes away what it put there",
    ("browser_verbs.py", "_lies_within", "evaluate"): "on an element that axe has just named",
    ("stage.py", "out_of_place", "evaluate"): "what `becomes` or `awaited` asks again and again",
    ("stage.py", "comes_next", "json_value"): "what the wait itself found",
    ("stage.py", "sideways", "evaluate"): "what `becomes` or `awaited` asks again and again",
    ("stage.py", "overlapping", "evaluate"): "what `becomes` or `awaited` asks again and again",
    ("stage.py", "cut_texts", "evaluate"): "what `becomes` or `awaited` asks again and again",
    ("fixtures_servers.py", "forget_visit", "evaluate"): "does something, reads nothing",
    (
        "test_clicks.py",
        "test_fifty_random_clicks_while_a_pattern_runs_break_no_page",
        "evaluate",
    ): "clicks, and tells afterwards where",
    (
        "test_places.py",
        "test_a_link_to_a_checkpoint_brings_what_it_names_into_view_and_a_plain_one_stays_at_the_top",
        "evaluate",
    ): "scrolls, reads nothing",
    (
        "test_places.py",
        "test_the_slider_stays_under_the_pointer_and_in_focus_where_the_table_turns_its_page",
        "bounding_box",
    ): "where it was and is, both times with the page at rest",
    (
        "test_places.py",
        "test_the_toolbar_of_the_table_covers_neither_its_heads_nor_the_filters",
        "bounding_box",
    ): "where both are, with the page at rest",
    ("test_presses.py", "four", "evaluate"): "clicks, reads nothing",
    (
        "test_presses.py",
        "test_a_second_click_that_reaches_the_server_leads_to_what_the_first_one_began",
        "evaluate",
    ): "clicks, reads nothing",
    (
        "test_presses.py",
        "test_an_answer_is_sent_once_and_nobody_is_scolded_for_the_second_click",
        "get_attribute",
    ): "waits for the button, whose key doesn't change",
    (
        "test_recovery.py",
        "test_two_tabs_that_answer_at_once_cause_one_effect_and_one_message",
        "evaluate",
    ): "does something, reads nothing",
    (
        "test_recovery.py",
        "test_an_answer_in_a_tab_that_is_behind_is_refused_with_the_reason",
        "evaluate",
    ): "does something, reads nothing",
    ("test_recovery.py", "table_key", "get_attribute"): "waits for the table, whose key doesn't change",
    ("test_security.py", "stays_text", "evaluate"): "what must never be, looked for once all is drawn",
    ("test_security.py", "test_hostile_text_in_the_address_stays_text", "evaluate"): "reads nothing",
    ("test_security.py", "test_the_workspace_cookie_is_out_of_reach_for_scripts", "evaluate"): "can't change",
    ("test_servers.py", "test_a_request_to_the_outside_fails_and_is_recorded", "evaluate"): "waits for its promise",
    ("test_servers.py", "test_idle_waits_for_the_code_of_each_element", "count"): "what `idle` itself waited for",
    ("test_servers.py", "test_what_goes_wrong_in_a_page_is_recorded", "evaluate"): "does something, reads nothing",
    ("test_tree_keys.py", "redraw", "evaluate"): "does something, reads nothing",
    (
        "test_tree_keys.py",
        "test_the_frame_scrolls_to_the_selected_mark_and_stays_there_when_drawn_anew",
        "bounding_box",
    ): "where it was before, once it has scrolled there",
}
"""File, function and call of what looks once all the same, each with the reason why nothing depends on the moment."""


def in_browser(tree: ast.Module) -> bool:
    """Tell whether a file's tests look at pages in a browser."""
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(name == one or name.startswith(f"{one}.") for name in names for one in BROWSER)


def looks(node: ast.AST, within: str = "") -> Iterator[tuple[str, str, int]]:
    """Return each call that waits a while or looks once: the function that it's in, its name and its line."""
    for child in ast.iter_child_nodes(node):
        name = ""
        if isinstance(child, ast.Call):
            name = child.func.attr if isinstance(child.func, ast.Attribute) else getattr(child.func, "id", "")
        if name in POLLS:
            continue
        if name in WAITS | LOOKS and isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            yield within, name, child.lineno
        yield from looks(child, child.name if isinstance(child, ast.FunctionDef) else within)


def found() -> dict[tuple[str, str, str], str]:
    """Return what all browser tests and their helpers do of that kind, each with its place."""
    every: dict[tuple[str, str, str], str] = {}
    for path in sorted(TESTS.rglob("*.py")):
        tree = ast.parse(path.read_text())
        if in_browser(tree):
            every |= {(path.name, at, name): f"{path.name}:{line} {name}" for at, name, line in looks(tree)}
    return every


def test_no_browser_test_looks_once_or_waits_a_while() -> None:
    wrong = [place for key, place in found().items() if key not in ALLOWED]
    assert not wrong, f"Wait for it by `expect`, `becomes` or `answered` (tests/support/browser_verbs.py): {wrong}"


def test_no_exception_outlives_its_use() -> None:
    assert set(ALLOWED) - set(found()) == set()


def test_what_is_asked_for_again_and_again_may_look() -> None:
    polls, once = "becomes(page, lambda: found.count(), 2)", "found.count()"
    tree = ast.parse(f"def test(page):\n    {polls}\n    {once}")
    assert list(looks(tree)) == [("test", "count", 3)]


def test_no_test_leaves_anything_on_the_page_that_the_next_one_gets() -> None:
    wrong = [
        f"{path.name}:{node.lineno} {node.func.attr}"
        for path in sorted((TESTS / "browser").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STAYS
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "page"
    ]
    assert not wrong, f"Give it to a page of its own, by `page.context.new_page()`: {wrong}"
