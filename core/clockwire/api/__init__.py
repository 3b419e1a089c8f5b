"""What stands around every call, whichever way it came in: who calls and may it, what an error says, what is logged."""
