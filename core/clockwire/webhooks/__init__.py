"""Webhooks go out."""
