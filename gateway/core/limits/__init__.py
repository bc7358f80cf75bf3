"""What may leave how fast and how often, for SIMs, pools and clients, and how long many texts will take under it."""

from gateway.core.limits.limits import Limits

__all__ = ["Limits"]
