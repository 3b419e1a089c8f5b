"""What the service can do. A transaction begins for an operation, and nowhere else."""
