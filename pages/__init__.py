"""One module for each kind of page; they render, and leave running and reading to the lab."""
