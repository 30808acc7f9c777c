"""The project's own rules: floors, style, README, scripts."""
