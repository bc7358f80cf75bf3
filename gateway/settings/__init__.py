"""The configuration file: one TOML, owned by a technician, made frozen records or refused with key, value, remedy.

What people change daily (keys, webhooks) is not here but in the database. Repeated tables are counted from 1, as a person
counts them: `modem[2].port` is the port of the second [[modem]].
"""

from gateway.settings.door import DOORS, DoorsSettings
from gateway.settings.forms import AUTHENTICATIONS, DIALLING, FAMILIES, SPEEDS
from gateway.settings.hardware import DinstarSettings, ModemSettings, PoolSettings, TariffSettings
from gateway.settings.reading import examine, load, parse, secret_files
from gateway.settings.sections import (
    ForwardingSettings,
    HttpSettings,
    NumbersSettings,
    ReceivingSettings,
    SendingSettings,
    SmppSettings,
    StoreSettings,
)
from gateway.settings.strategy import STRATEGIES
from gateway.settings.whole import Settings

__all__ = [
    "AUTHENTICATIONS",
    "DIALLING",
    "DOORS",
    "FAMILIES",
    "SPEEDS",
    "STRATEGIES",
    "DinstarSettings",
    "DoorsSettings",
    "ForwardingSettings",
    "HttpSettings",
    "ModemSettings",
    "NumbersSettings",
    "PoolSettings",
    "ReceivingSettings",
    "SendingSettings",
    "Settings",
    "SmppSettings",
    "StoreSettings",
    "TariffSettings",
    "examine",
    "load",
    "parse",
    "secret_files",
]
