"""How tasks and triggers reach a server."""
