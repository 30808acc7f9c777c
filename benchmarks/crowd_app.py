"""The lab with the pattern that says the time, which is in no catalogue (`streamlit run benchmarks/crowd_app.py`)."""

import streamlit as st
from starlette.middleware import Middleware

from benchmarks.clock import CLOCK
from graphs import catalogue

# Before anything reads the catalogue.
catalogue.CATALOGUE = (*catalogue.CATALOGUE, CLOCK)

from app import Admission, NestedAddresses, lifespan  # noqa: E402 - reads the catalogue
from tests.support.project import ROOT  # noqa: E402 - with the one before

app = st.App(
    ROOT / "ui" / "main.py", lifespan=lifespan, middleware=[Middleware(NestedAddresses), Middleware(Admission)]
)
