"""Numbers in SMPP addresses: type of number and numbering plan to the way people write numbers, and back (clause 5.2.5). PURE."""

from __future__ import annotations

from gateway.records import SmppAddress as Address

UNKNOWN, INTERNATIONAL, ALPHANUMERIC = 0, 1, 5
_TELEPHONE = 1
_LAST_TON = 6
_LONGEST = 20


class BadTon(ValueError):
    """The type of number makes no sense for this address."""


def written(address: Address) -> str:
    """An address as a person would write it, for `numbers.recipient` to judge."""
    if address.ton > _LAST_TON or address.ton == ALPHANUMERIC:
        raise BadTon(f"type of number {address.ton} is not one that can be dialled")
    number = address.number.strip()
    if address.ton == INTERNATIONAL and number and number[0].isdigit() and not number.startswith("00"):
        return f"+{number}"
    return number


def address_of(number: str) -> Address:
    """A number or name as the gateway keeps it, for a client."""
    if number.startswith("+"):
        return Address(INTERNATIONAL, _TELEPHONE, number[1:][:_LONGEST])
    if not number or all(sign in "0123456789*#" for sign in number):
        return Address(UNKNOWN, _TELEPHONE if number else 0, number[:_LONGEST])
    return Address(ALPHANUMERIC, 0, number[:_LONGEST])
