"""What functions can become tasks."""
