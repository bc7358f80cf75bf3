"""The one place that builds and wires everything, starts it in order and stops it in order. Decides nothing about texts."""

from gateway.service.serving import Service
from gateway.service.signals import run

__all__ = ["Service", "run"]
