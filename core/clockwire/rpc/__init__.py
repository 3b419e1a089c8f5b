"""How requests come in over gRPC: one servicer for each service of the contract."""
