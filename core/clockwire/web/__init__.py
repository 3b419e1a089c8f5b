"""Requests come in over HTTP: the contract as JSON, what monitors ask, and the interfaces of other products."""
