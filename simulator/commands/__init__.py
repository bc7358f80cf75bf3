"""The AT commands, by theme: each module has a table of name to handler, and this one table holds them all.

A handler gets the modem and the call and returns the information lines before OK, raises Refused, or returns PENDING
when it answers later.
"""

from simulator.commands import basic, card, identity, listing, message_settings, other, power, radio, sending, ussd
from simulator.commands.answers import PENDING, Handler

HANDLERS: dict[str, Handler] = (
    basic.COMMANDS | identity.COMMANDS | card.COMMANDS | power.COMMANDS | radio.COMMANDS | message_settings.COMMANDS
    | sending.COMMANDS | listing.COMMANDS | ussd.COMMANDS | other.COMMANDS
)

__all__ = ["HANDLERS", "PENDING", "Handler"]
