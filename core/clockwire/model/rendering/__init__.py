"""How values of the contract become JSON; the rules stand at the head of proto/clockwire/v1/records.proto."""
