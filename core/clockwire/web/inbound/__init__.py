"""Inbound hooks over HTTP: the address, and what each service sends to it."""
