"""What tasks can do."""
