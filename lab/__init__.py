"""The engine's packages: they run patterns and read their threads, and know of no web page."""
