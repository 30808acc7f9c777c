"""The router: every page of the application, from the catalogue."""

from functools import partial
from itertools import groupby

import streamlit as st

from graphs.catalogue import CATALOGUE
from pages import decisions, explorer, gallery, inbox, pattern, threads, traps
from ui.common import apply_style, damage, draw_scroll, guard, in_place
from ui.sidebar import draw_menu, draw_sidebar

MENU_WIDTH = 240
"""Pixels; where the window is narrow Streamlit begins with the sidebar folded."""

st.set_page_config(page_title="LangGraph Pattern Lab", page_icon="🧭", layout="wide", initial_sidebar_state=MENU_WIDTH)

home = [
    st.Page(gallery.render, title="Gallery", icon=":material/grid_view:", url_path="gallery", default=True),
    st.Page(threads.render, title="Threads", icon=":material/history:", url_path="threads"),
    st.Page(explorer.render, title="Explorer", icon=":material/account_tree:", url_path="explorer"),
    st.Page(inbox.render, title="Inbox", icon=":material/inbox:", url_path="inbox"),
    st.Page(decisions.render, title="Decisions", icon=":material/fact_check:", url_path="decisions"),
    st.Page(traps.render, title="Traps", icon=":material/warning:", url_path="traps"),
]
families = {
    str(family): [st.Page(partial(pattern.render, entry), title=entry.title, url_path=entry.slug) for entry in group]
    for family, group in groupby(CATALOGUE, key=lambda entry: entry.family)
}
# Streamlit's own menu puts its sections into the list as something else than items, which screen readers stumble over.
page = st.navigation([*home, *(entry for group in families.values() for entry in group)], position="hidden")
gallery.PAGES.update(
    {entry.url_path: entry for entry in (*home, *(one for group in families.values() for one in group))}
)
apply_style()
guard()
draw_scroll()
draw_menu(home, families, page)
with in_place():
    draw_sidebar()
    damage()
    page.run()
