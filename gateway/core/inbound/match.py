"""Which inbound rule wins: the first whose conditions all hold. PURE; the same rules decide and explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.inbound.conditions import Condition, InboundFacts, Members, of_rule
from gateway.store.inbound import InboundRule

__all__ = ["AS_SUBSCRIBED", "UNCLAIMED", "Decision", "InboundFacts", "Look", "Rule", "compiled", "decide", "look"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom a text is for. `webhooks` alone hear it; where none is named, those do that subscribed. Of what no rule takes nobody
    is told. With `follow_days` an answer to a text that an extension sent within so many days is for that extension."""

    rule: str | None = None
    webhooks: tuple[str, ...] = ()
    extension: str | None = None
    follow_days: int | None = None
    taken: bool = True


AS_SUBSCRIBED = Decision()
UNCLAIMED = Decision(taken=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """An inbound rule made ready."""

    rule: InboundRule
    conditions: tuple[Condition, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Look:
    """One rule that was looked at for a text, and what came of it."""

    position: int
    rule: str
    matched: bool
    why: str


def compiled(rules: Sequence[InboundRule], country: str, members: Members) -> tuple[Rule, ...]:
    return tuple(Rule(rule, tuple(of_rule(rule, country, members)), _decision(rule)) for rule in rules)


def decide(rules: Sequence[Rule], facts: InboundFacts) -> Decision:
    """While there is no rule that is enabled, everything is as if there were none at all."""
    there_are = False
    for rule in rules:
        if rule.rule.enabled:
            there_are = True
            if all(condition.holds(facts) for condition in rule.conditions):
                return rule.decision
    return UNCLAIMED if there_are else AS_SUBSCRIBED


def look(rules: Sequence[Rule], facts: InboundFacts) -> tuple[Look, ...]:
    """The rules in their order, up to the one that `decide` follows."""
    looks: list[Look] = []
    for rule in rules:
        against = [] if rule.rule.enabled else ["it is disabled"]
        against += [one.against(facts) for one in rule.conditions if not one.holds(facts)] if rule.rule.enabled else []
        everything = "all its conditions hold" if rule.conditions else "it takes every text"
        looks.append(Look(rule.rule.position, rule.rule.name, not against, "; ".join(against) or everything))
        if not against:
            break
    return tuple(looks)


def _decision(rule: InboundRule) -> Decision:
    return Decision(rule.name, rule.webhooks, rule.extension or None, rule.follow_days)
