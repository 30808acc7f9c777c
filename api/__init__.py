"""HTTP and WebSocket routes over the same lab as the pages."""
