"""The patterns: graphs, their lanes and offline answers; nothing here knows of a page or a database."""
