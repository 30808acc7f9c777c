"""The page of the application to compare with: a title and one widget."""

import streamlit as st

st.title("Hello")
st.pills("Choose", range(2), default=0, required=True, key="choose")
