"""The processes that a server starts to do some of its work, and how it speaks with them."""
