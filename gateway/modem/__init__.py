"""One real modem behind the channel contract: its port, its conversation in time, its family's habits.

Knows no store and no queue; facts travel upward through the callables it was given.
"""
