"""What people do with inbound rules: list, add, change, move, remove, reset, explain; and whom an incoming text is for.

Every change is audited. The rules lie in memory ready for use, and are replaced once a change is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from gateway.clock import Clock
from gateway.core.inbound import claims
from gateway.core.inbound.checks import checked
from gateway.core.inbound.conditions import number_of
from gateway.core.inbound.match import Decision, InboundFacts, Look, Rule, compiled, decide, look
from gateway.core.pools import Pools
from gateway.core.rule_book import RuleBook
from gateway.errors import BadValue, NotFound
from gateway.records import ChannelFacts, EventType, Message, Webhook
from gateway.settings import Settings
from gateway.settings.spelling import nearest
from gateway.store import Database, Store, webhooks
from gateway.store.inbound import RULES, InboundRule

__all__ = ["Decision", "Explanation", "Inbound", "InboundFacts", "InboundRule"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would become of a text now, and why. `webhooks` are those that would be told."""

    facts: InboundFacts
    looks: tuple[Look, ...]
    decision: Decision
    webhooks: tuple[str, ...]
    extension: str | None


class Inbound:
    """Changes are called from the web's threads and return after their commit; `decide` from any thread."""

    def __init__(
        self, store: Store, settings: Settings, clock: Clock, pools: Pools, channels: Callable[[], Sequence[ChannelFacts]]
    ) -> None:
        self._store = store
        self._settings = settings
        self._country = settings.numbers.country
        self._clock = clock
        self._pools = pools
        self._channels = channels
        self._book = RuleBook(store, clock, RULES, "inbound", self._renew, _require_webhooks)
        self._rules: tuple[Rule, ...] = ()
        self._renew()

    def decide(self, message: Message) -> Decision:
        """Asked for every incoming text, in the commit that completes it."""
        return decide(self._rules, facts_of(message))

    def all(self) -> list[InboundRule]:
        return [rule.rule for rule in self._rules]

    def get(self, name: str) -> InboundRule:
        """Raises NotFound."""
        for rule in self._rules:
            if rule.rule.name == name:
                return rule.rule
        raise NotFound(f"there is no inbound rule {name}")

    def add(self, rule: InboundRule, by: str, position: int | None = None) -> InboundRule:
        """At `position`, or behind the others. Raises BadValue, and Conflict for a name in use."""
        return self._book.add(self._checked(rule), by, position)

    def change(self, name: str, rule: InboundRule, by: str) -> InboundRule:
        """Everything but its name and its position. Raises NotFound and BadValue."""
        return self._book.change(name, self._checked(replace(rule, name=name)), by)

    def move(self, name: str, position: int, by: str) -> InboundRule:
        """To a position, counted from 1; the others keep their order. Raises NotFound."""
        return self._book.move(name, position, by)

    def remove(self, name: str, by: str) -> None:
        """Raises NotFound."""
        self._book.remove(name, by)

    def reset(self, by: str) -> int:
        """Remove all rules. How many there were; each stands in the audit."""
        return self._book.reset(by)

    def explain(self, facts: InboundFacts) -> Explanation:
        """Numbers as a person writes them. Of own number and channel one tells the other."""
        facts = self._completed(facts)
        rules = self._rules
        decision = decide(rules, facts)
        told = [one.id for one in self._store.webhooks.all() if _is_told(one, decision, facts.channel)]
        now = self._clock.now()
        extension = self._store.read(lambda db: claims.extension_of(db, facts.from_, facts.channel, decision, now))
        return Explanation(facts, look(rules, facts), decision, tuple(told), extension)

    def _completed(self, facts: InboundFacts) -> InboundFacts:
        to, channel = number_of(facts.to, self._country), facts.channel
        for one in self._channels():
            own = number_of(one.number, self._country)
            if channel == one.name and not to:
                to = own
            elif to and to == own and not channel:
                channel = one.name
        return InboundFacts(to, channel, number_of(facts.from_, self._country), facts.text)

    def _checked(self, rule: InboundRule) -> InboundRule:
        pools = [pool.name for pool in self._pools.find()]
        return checked(rule, self._settings.channel_names, pools, self._country)

    def _renew(self) -> None:
        self._rules = compiled(self._store.read(RULES.all_of), self._country, self._members)

    def _members(self, pool: str) -> Collection[str]:
        try:
            return self._pools.get(pool).members
        except NotFound:
            return ()


def facts_of(message: Message) -> InboundFacts:
    return InboundFacts(message.to, message.channel or "", message.from_, message.text)


def _require_webhooks(db: Database, rule: InboundRule) -> None:
    """Raises BadValue for one that is not there."""
    known = [webhook.id for webhook in webhooks.all_of(db)]
    for name in rule.webhooks:
        if name not in known:
            raise BadValue("webhooks", f"there is no webhook {name!r}", nearest(name, known))


def _is_told(webhook: Webhook, decision: Decision, channel: str) -> bool:
    event = EventType.MESSAGE_RECEIVED.value
    if not webhook.enabled or not decision.taken or event in webhook.untold:
        return False
    if decision.webhooks:
        return webhook.id in decision.webhooks
    wants = "*" in webhook.events or event in webhook.events
    return wants and (not webhook.channels or channel in webhook.channels)
