"""The application to compare with: one that does nothing (`streamlit run benchmarks/hello.py`)."""

import streamlit as st

app = st.App("hello_page.py")
