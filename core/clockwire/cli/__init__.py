"""The program `clockwire`: what a person types, and what a script reads."""

from clockwire.cli.program import main

__all__ = ["main"]
