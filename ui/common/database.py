"""Messages about a damaged or unreachable database."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from lab.errors import StorageUnavailable
from ui.common.context import the_lab


def damage() -> None:
    """Draw a banner where the database was found damaged."""
    if (error := the_lab().storage.damage) is not None:
        st.error(str(error), icon=":material/warning:")


@contextmanager
def in_place() -> Iterator[None]:
    """Draw what keeps the database from being read or written in the place of what the block would have drawn."""
    try:
        yield
    except StorageUnavailable as error:
        st.error(str(error), icon=":material/database_off:")
