"""How much the lab costs on top of what it's built upon."""
