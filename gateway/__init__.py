"""simrack's gateway: many SIM cards behind one HTTP API."""

__version__ = "0.1.0"
