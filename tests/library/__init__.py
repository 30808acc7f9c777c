"""What LangGraph does by itself, shown on bare graphs, and the lab's guard."""
