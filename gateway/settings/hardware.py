"""The tables that may be repeated: modems, Dinstar boxes, pools over their channels, and what their texts cost. Records alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.settings import forms
from gateway.settings.forms import between, form, judged_by, one_of, secret
from gateway.settings.strategy import words

_PIN = secret(forms.PIN, "PIN", "it holds the PIN alone, 4 to 8 digits, on one line")
_PASSWORD = secret(forms.PASSWORD, "password", "it holds the password alone, on one line")
_TARIFF = form((r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})?", "name a [[tariff]]"))


@dataclass(frozen=True, slots=True)
class ModemSettings:
    name: str = field(metadata=form(forms.NAME))
    port: str = field(metadata=form(forms.PORT))
    number: str = field(default="", metadata=form(forms.NUMBER))
    pin: str = field(default="", repr=False, metadata=_PIN)
    baud: int = field(default=115200, metadata=one_of(forms.SPEEDS, forms.SPEED_REMEDY))
    family: str = field(default="auto", metadata=one_of(forms.FAMILIES))
    smsc: str = field(default="", metadata=form(forms.NUMBER))
    sweep_s: float = field(default=120.0, metadata=between(1, 86_400))  # all storages are read and CNMI is armed again
    status_s: float = field(default=60.0, metadata=between(1, 86_400))  # how often signal and registration are asked
    hang_up: bool = True  # refuse voice calls at once; on many modems a ringing one holds up texts
    # switches a modem that nothing else revives off and on: "uhubctl -l 1-1 -p 2 -a cycle"; run without a shell
    power_command: str = ""
    # the account of the SIM: asked by service code or by text, or told in texts of `balance_from`
    balance_ussd: str = field(default="", metadata=form(forms.SERVICE_CODE))
    balance_text: str = field(default="", metadata=form((r".{0,160}", "give up to 160 characters")))
    balance_from: str = field(default="", metadata=form(forms.SENDER))
    balance_pattern: str = forms.AMOUNT
    balance_every_hours: float = field(default=24.0, metadata=between(0.01, 8760))
    balance_warn_below: float = field(default=0.0, metadata=between(0, 1e9))
    # a text of this SIM at least every so many days, for operators that end SIMs which send nothing; 0 is never
    keep_alive_days: int = field(default=0, metadata=between(0, 365))
    keep_alive_to: str = field(default="", metadata=form(forms.RECIPIENT))
    dial: str = field(default="e164", metadata=one_of(forms.DIALLING))  # how its operator wants numbers
    tariff: str = field(default="", metadata=_TARIFF)


@dataclass(frozen=True, slots=True)
class DinstarSettings:
    name: str = field(metadata=form(forms.NAME))  # its channels: box1.0 … box1.7
    url: str = field(metadata=form(forms.URL))
    user: str = field(default="admin", metadata=form((r"[^:\r\n]{1,64}", "give up to 64 characters without a colon")))
    password: str = field(default="", repr=False, metadata={**_PASSWORD, "required": True})
    ports: str = field(default="0-7", metadata=judged_by(forms.port_numbers))
    auth: str = field(default="digest", metadata=one_of(forms.AUTHENTICATIONS))
    ca_file: str = field(default="", metadata={"certificate": True})  # own CA
    certificate_file: str = field(default="", metadata={"certificate": True})  # the box's own certificate, pinned
    # addresses or networks from which the box may push; empty: no push is taken
    push_from: tuple[str, ...] = field(
        default=(), metadata={**judged_by(forms.network), "empty": True, "such_as": '["192.0.2.10"]'}
    )
    poll_s: float = field(default=0.5, metadata=between(0.02, 60))  # how often results are asked for while texts are in the box
    inbox_s: float = field(default=5.0, metadata=between(0.05, 3600))  # how often incoming texts are asked for
    status_s: float = field(default=30.0, metadata=between(0.1, 86_400))  # how often ports are asked for state
    timeout_s: float = field(default=15.0, metadata=between(0.1, 300))
    numbers: Mapping[str, str] = field(default_factory=dict, metadata=form(forms.NUMBER))  # port -> own number
    dial: str = field(default="e164", metadata=one_of(forms.DIALLING))
    tariff: str = field(default="", metadata=_TARIFF)
    # a port without service for so long is reset, then switched off and on; 0 is never
    reset_after_s: float = field(default=300.0, metadata=between(0, 604_800))

    @property
    def port_numbers(self) -> tuple[int, ...]:
        return forms.port_numbers(self.ports)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(f"{self.name}.{port}" for port in self.port_numbers)


@dataclass(frozen=True, slots=True)
class TariffSettings:
    name: str = field(metadata=form(forms.NAME))
    # "+49" -> the price of one part to there; "+" is every other number
    prices: Mapping[str, float] = field(
        metadata={
            **between(0, 1e6),
            "key_judge": forms.priced,
            "such_as": '{ "+49" = 0.05, "+" = 0.2 }',
            "remedy": 'write prices = { "+49" = 0.05, "+" = 0.2 }',
        }
    )


@dataclass(frozen=True, slots=True)
class PoolSettings:
    name: str = field(metadata=form(forms.NAME))
    channels: tuple[str, ...]  # as written: names, ranges, dial strings, names of other pools
    strategy: str = field(default="rotate", metadata=judged_by(words))  # one or several words, comma separated
    # per channel, for "weighted"; 1 where not named
    weights: Mapping[str, float] = field(
        default_factory=dict, metadata={**between(0.001, 1000), "such_as": '{ p0 = 3, "box1.0" = 1 }'}
    )
    accept: str = field(default="", metadata=judged_by(forms.expression))  # pattern of recipients; empty takes all
    hint: str = ""  # said to whom a recipient was refused
