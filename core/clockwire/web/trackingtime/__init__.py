"""TrackingTime's interface for outgoing webhooks."""
