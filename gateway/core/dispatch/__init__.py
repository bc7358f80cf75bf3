"""Binds texts to channels, as late as possible, and writes down what came of them."""

from gateway.core.dispatch.loop import Dispatch

__all__ = ["Dispatch"]
