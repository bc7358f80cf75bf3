"""The configuration file: one TOML, owned by a technician, turned into frozen records or refused with key, value and remedy.

What people change daily (keys, webhooks) is not here but in the database. Reads files named by `*_file`; opens nothing else.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import phonenumbers

from gateway.errors import BadSetting


@dataclass(frozen=True, slots=True)
class HttpSettings:
    listen: str = "127.0.0.1:8080"
    threads: int = 8

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class StoreSettings:
    path: str = "/var/lib/simrack/simrack.db"
    backups: int = 3  # copies kept from before migrations
    reserve_mb: int = 50  # free disk below which nothing more is accepted


@dataclass(frozen=True, slots=True)
class NumbersSettings:
    country: str = "DE"


@dataclass(frozen=True, slots=True)
class SendingSettings:
    retry_first_s: float = 30.0  # the first pause after a refusal that says later; doubles each time
    retry_longest_s: float = 1800.0
    retry_tries: int = 8
    unknown_wait_s: float = 600.0  # how long an unknown outcome waits for a late answer or a report before it is sent again
    expire_after_hours: float = 72.0  # for messages that name no expires_at
    national_tables: bool = False  # use national language shift tables where they save parts
    max_parts: int = 10


@dataclass(frozen=True, slots=True)
class ReceivingSettings:
    incomplete_after_hours: float = 24.0  # parts of a long text are handed on flagged incomplete after this


@dataclass(frozen=True, slots=True)
class ForwardingSettings:
    give_up_after_hours: float = 72.0
    timeout_s: float = 15.0
    first_retry_s: float = 5.0


@dataclass(frozen=True, slots=True)
class ModemSettings:
    name: str
    port: str
    number: str = ""
    pin: str = ""
    baud: int = 115200
    family: str = "auto"
    smsc: str = ""
    sweep_s: float = 120.0  # how often all storages are read and CNMI is armed again
    status_s: float = 60.0  # how often signal and registration are asked


@dataclass(frozen=True, slots=True)
class PoolSettings:
    name: str
    channels: tuple[str, ...]
    strategy: str = "rotate"


@dataclass(frozen=True, slots=True)
class Settings:
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    numbers: NumbersSettings = field(default_factory=NumbersSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    receiving: ReceivingSettings = field(default_factory=ReceivingSettings)
    forwarding: ForwardingSettings = field(default_factory=ForwardingSettings)
    modems: tuple[ModemSettings, ...] = ()
    pools: tuple[PoolSettings, ...] = ()
