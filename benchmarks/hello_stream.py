"""The application to compare a crowd of pages with, which streams (`streamlit run benchmarks/hello_stream.py`)."""

import streamlit as st

app = st.App("hello_stream_page.py")
