"""The page of the application to compare a crowd with: a button, and the time, word by word, once it's pressed."""

import time

import streamlit as st

from benchmarks.clock import PACE, WORDS, word

st.title("Hello")
if st.button("Run", key="clock_run"):
    place = st.empty()
    said = ""
    for _ in range(WORDS):
        said += word()
        place.text(said[-1200:])
        time.sleep(1 / PACE)
