"""The contract, generated from proto/ by tools/generate. Never edited."""
