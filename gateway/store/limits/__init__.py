"""How much may leave, counted by SIM, pool and client key: rules, calendar windows, counters that survive everything.

What a person may ask for is checked in `core.limits`; which texts are claimed is decided in `claiming`.
"""

from gateway.store.limits.book import Book, Rule, load
from gateway.store.limits.ledger import Ledger, ended, refund, refund_rest, used_today
from gateway.store.limits.room import Budget, Rooms
from gateway.store.limits.upkeep import forget

__all__ = ["Book", "Budget", "Ledger", "Rooms", "Rule", "ended", "forget", "load", "refund", "refund_rest", "used_today"]
