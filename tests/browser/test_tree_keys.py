"""The drawn tree under hands: keys, clicks, focus and scrolling, in a real browser."""

import base64

from playwright.sync_api import Page, expect

from lab.history import build_tree
from tests.support.browser_verbs import axe, becomes
from tests.support.slow_trees import chain, forked, ident
from tests.support.tree_drawings import UI, drawing, small
from ui.history import fold, tree_html

LIGHT = {
    "text-color": "#101413",
    "background-color": "#ffffff",
    "link-color": "#0b5a4d",
    "blue-text-color": "#0054a3",
    "violet-text-color": "#583f84",
    "orange-text-color": "#9c4a00",
    "red-text-color": "#9b1c1c",
    "green-text-color": "#0c6b2e",
}


def mount(page: Page, drawn: str, chosen: str) -> None:
    """Give a page the component as Streamlit does: style, then script with data; picks are kept in `picks`."""
    theme = ";".join(f"--st-{name}:{value}" for name, value in LIGHT.items())
    style = (UI / "tree.css").read_text()
    page.set_content(
        f"<html lang=en><title>x</title><style>main{{{theme}}}{style}</style><main><h1>x</h1><div id=here></div></main>"
    )
    redraw(page, drawn, chosen)


def redraw(page: Page, drawn: str, chosen: str) -> None:
    script = base64.b64encode((UI / "tree.js").read_bytes()).decode()
    page.evaluate(
        """async ({script, html, shown}) => {
            window.picks ??= []
            window.component ??= (await import(`data:text/javascript;base64,${script}`)).default
            component({data: {html, shown}, parentElement: document.getElementById("here"),
                       setTriggerValue: (name, value) => picks.push([name, value])})
        }""",
        {"script": script, "html": drawn, "shown": chosen},
    )


def focus(page: Page, ident: str) -> None:
    """Wait until this mark has the focus, or none where the name is empty."""
    becomes(page, lambda: page.evaluate("document.activeElement.dataset.id ?? ''"), ident)


def picked(page: Page, *idents: str) -> None:
    """Wait until these marks were picked, in this order."""
    becomes(page, lambda: page.evaluate("picks"), [["picked", ident] for ident in idents])


def test_keys_move_along_a_branch_and_between_branches_and_pick(page: Page) -> None:
    mount(page, drawing(small()), "h")
    page.keyboard.press("Tab")
    # To the left of g is c, which it leaves from; above it is f, at the same step.
    left, down, up = "ArrowLeft", "ArrowDown", "ArrowUp"
    for key, there in zip((left, left, left, down, down, up, up, "Home", "End"), "gcbegfdad", strict=True):
        page.keyboard.press(key)
        focus(page, there)
    # At an edge the focus stays.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    focus(page, "d")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    picked(page, "d", "c")


def test_the_tree_is_one_tab_stop_which_is_kept_with_the_focus_when_it_is_drawn_anew(page: Page) -> None:
    mount(page, drawing(small()), "h")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    redraw(page, drawing(small(), "g"), "g")
    focus(page, "g")
    page.keyboard.press("Tab")
    focus(page, "")
    page.keyboard.press("Shift+Tab")
    focus(page, "g")


def test_a_click_picks_a_mark_a_fold_or_the_end_of_a_named_branch(page: Page) -> None:
    mount(page, drawing(chain(99)), ident(98))
    page.locator(".it.fold").click()
    page.locator(".it.mark").first.click()
    page.get_by_text("main", exact=True).click()
    picked(page, "fold:0:000001", ident(0), ident(98))


def test_the_frame_scrolls_to_the_selected_mark_and_stays_there_when_drawn_anew(page: Page) -> None:
    tree = build_tree(forked(5000, 50))
    mount(page, tree_html(tree, fold(tree)), tree.head or "")
    chosen = f".it[data-id='{tree.head}']"
    page.wait_for_function("document.querySelector('.ct-frame').scrollLeft > 0")
    before = page.locator(chosen).bounding_box()
    redraw(page, tree_html(tree, fold(tree)) + " ", tree.head or "")
    becomes(page, lambda: page.locator(chosen).bounding_box(), before)
    expect(page.locator(".ct-name[data-away=left]").first, "What is out of view is pointed to.").to_be_attached()


def test_axe_finds_nothing(page: Page) -> None:
    tree = build_tree(forked(300, 5))
    mount(page, tree_html(tree, fold(tree, selected=ident(40)), selected=ident(40)), ident(40))
    assert axe(page) == []
