"""The tables that are given once: how the service listens, stores, sends, receives and forwards. Records alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.settings.forms import (
    COUNTRIES,
    COUNTRY_REMEDY,
    LISTEN,
    LISTEN_OR_NOT,
    between,
    form,
    judged_by,
    network,
    one_of,
    reachable,
    target,
)

# 255 parts of 33 surrogate pairs: a text this long fits whatever it holds.
MOST_CHARACTERS = 255 * 33


@dataclass(frozen=True, slots=True)
class HttpSettings:
    listen: str = field(default="127.0.0.1:8080", metadata=form(LISTEN))
    threads: int = field(default=8, metadata=between(1, 64))
    sends_per_s: float = field(default=0.0, metadata=between(0, 100_000))  # texts that a key may give in a second; 0 is no bound
    # addresses or networks of proxies in front: of them alone X-Forwarded-For is believed
    trusted_proxies: tuple[str, ...] = field(default=(), metadata={**judged_by(network), "empty": True, "such_as": '["127.0.0.1"]'})

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class StoreSettings:
    path: str = field(default="/var/lib/simrack/simrack.db", metadata=form((r".+", "name the database file")))
    backups: int = field(default=3, metadata=between(0, 100))  # copies kept from before migrations
    reserve_mb: int = field(default=50, metadata=between(0, 1_000_000))  # free disk below which nothing more is accepted


@dataclass(frozen=True, slots=True)
class NumbersSettings:
    country: str = field(default="DE", metadata=one_of(COUNTRIES, COUNTRY_REMEDY))
    # foreign countries ("CH") or prefixes ("+41") that may be texted; "*" is all. The own country always may.
    open: tuple[str, ...] = field(default=(), metadata={**judged_by(reachable), "empty": True, "such_as": '["CH", "+43"]'})
    premium: bool = False  # premium-rate and shared-cost numbers may be texted


@dataclass(frozen=True, slots=True)
class SendingSettings:
    # the first pause after a refusal that says later; doubles each time
    retry_first_s: float = field(default=30.0, metadata=between(0.01, 86_400))
    retry_longest_s: float = field(default=1800.0, metadata=between(0.01, 86_400))
    retry_tries: int = field(default=8, metadata=between(1, 1000))
    # how long an unknown outcome waits for a late answer or a report before it is sent again
    unknown_wait_s: float = field(default=600.0, metadata=between(0.01, 604_800))
    expire_after_hours: float = field(default=72.0, metadata=between(0.01, 8760))  # for messages that name no expires_at
    national_tables: bool = False  # use national language shift tables where they save parts
    max_parts: int = field(default=10, metadata=between(1, 255))
    # a key may have a number, and a word, of its own instead (`simrack key rules`)
    max_characters: int = field(default=670, metadata=between(1, MOST_CHARACTERS))
    links: str = field(default="allow", metadata=one_of(("allow", "warn", "refuse")))
    # texts that may wait to be sent, sooner or later; 0 is no bound
    max_queued: int = field(default=2_000_000, metadata=between(0, 1_000_000_000))


@dataclass(frozen=True, slots=True)
class ReceivingSettings:
    # parts of a long text are handed on flagged incomplete after this
    incomplete_after_hours: float = field(default=24.0, metadata=between(0.0001, 8760))


@dataclass(frozen=True, slots=True)
class ForwardingSettings:
    give_up_after_hours: float = field(default=72.0, metadata=between(0.001, 8760))
    timeout_s: float = field(default=15.0, metadata=between(0.1, 300))
    first_retry_s: float = field(default=5.0, metadata=between(0.01, 86_400))
    # where webhooks may point: addresses, networks and hosts; empty is anywhere, but for what is never called
    allow: tuple[str, ...] = field(
        default=(), metadata={**judged_by(target), "empty": True, "such_as": '["192.0.2.0/24", "pbx.example.net"]'}
    )


@dataclass(frozen=True, slots=True)
class SmppSettings:
    listen: str = field(default="", metadata=form(LISTEN_OR_NOT))  # empty: off
    certificate_file: str = field(default="", metadata={"certificate": True})  # with it every client speaks TLS
    key_file: str = field(default="", metadata={"file": True})  # its private key, where it is not in the same file
    window: int = field(default=10, metadata=between(1, 1000))  # unanswered requests of a bind, either way
    throughput: int = field(default=0, metadata=between(0, 100_000))  # submits per second of a bind; 0 is as many as come
    most_binds: int = field(default=10, metadata=between(1, 1000))  # of one key
    other_senders: str = field(default="refuse", metadata=one_of(("refuse", "ignore")))  # that are no numbers of ours
    keep_hours: float = field(default=72.0, metadata=between(0.001, 8760))  # receipts and texts wait so long for a bind
    bind_within_s: float = field(default=30.0, metadata=between(0.1, 3600))
    enquire_after_s: float = field(default=30.0, metadata=between(0.1, 3600))
    answer_within_s: float = field(default=60.0, metadata=between(0.1, 3600))

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])
