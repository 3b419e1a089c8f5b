"""Apache Airflow provider for Clockwire."""

__version__ = "0.1.0"
