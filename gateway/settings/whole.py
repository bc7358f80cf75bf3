"""The whole configuration as one record, and what follows from several of its tables together."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.settings.door import DoorsSettings
from gateway.settings.hardware import DinstarSettings, ModemSettings, PoolSettings, TariffSettings
from gateway.settings.sections import (
    ForwardingSettings,
    HttpSettings,
    NumbersSettings,
    ReceivingSettings,
    SendingSettings,
    SmppSettings,
    StoreSettings,
)


@dataclass(frozen=True, slots=True)
class Settings:
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    numbers: NumbersSettings = field(default_factory=NumbersSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    receiving: ReceivingSettings = field(default_factory=ReceivingSettings)
    forwarding: ForwardingSettings = field(default_factory=ForwardingSettings)
    doors: DoorsSettings = field(default_factory=DoorsSettings)
    smpp: SmppSettings = field(default_factory=SmppSettings)
    modems: tuple[ModemSettings, ...] = ()
    pools: tuple[PoolSettings, ...] = ()
    dinstars: tuple[DinstarSettings, ...] = ()
    tariffs: tuple[TariffSettings, ...] = ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """All channels in the order of the configuration: modems, then the ports of the boxes."""
        return (*(modem.name for modem in self.modems), *(channel for box in self.dinstars for channel in box.channels))

    def tariff_of(self, channel: str) -> TariffSettings | None:
        """What texts of this channel cost, where that is configured."""
        named = {modem.name: modem.tariff for modem in self.modems}
        named |= {one: box.tariff for box in self.dinstars for one in box.channels}
        return next((tariff for tariff in self.tariffs if tariff.name == named.get(channel)), None)
