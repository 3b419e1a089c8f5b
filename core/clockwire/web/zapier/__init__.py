"""TimeTracker's endpoints for Zapier, at the addresses and in the words of its documentation.

https://docs.timetracker.in/api-reference/integrations/zapier shows them. Who has built on them exchanges host and key.
"""
