"""`/metrics` in the Prometheus text format. Shows counts and states; no numbers, texts or identities of SIMs."""

from __future__ import annotations

from collections.abc import Iterator

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.records import ChannelState, Traffic, Word
from gateway.store import inbound
from gateway.web.doors import Doors


class Present(Collector):
    """Read when asked, so nothing has to be kept up to date in between."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def collect(self) -> Iterator[Metric]:
        queue = GaugeMetricFamily("simrack_queue_messages", "Outgoing messages that wait", labels=["status"])
        for status, count in self._doors.queue().items():
            queue.add_metric([status], count)
        yield queue
        yield GaugeMetricFamily(
            "simrack_messages_unclaimed", "Incoming texts that nobody was told of", self._doors.store.read(inbound.unclaimed)
        )
        state = GaugeMetricFamily("simrack_channel_state", "1 for the state a channel is in", labels=["channel", "state"])
        signal = GaugeMetricFamily("simrack_channel_signal_dbm", "Signal strength", labels=["channel"])
        recoveries = CounterMetricFamily(
            "simrack_channel_recoveries", "What was done about a silent modem since the start", labels=["channel", "step"]
        )
        balance = GaugeMetricFamily("simrack_channel_balance", "What the SIM's account held when last read", labels=["channel"])
        balances = self._doors.store.balances.all()
        for facts in self._doors.channels():
            for step, count in facts.recoveries:
                recoveries.add_metric([facts.name, step], count)
            read = balances.get(facts.sim)
            if read is not None and read.amount is not None:
                balance.add_metric([facts.name], read.amount)
            for one in ChannelState:
                state.add_metric([facts.name, one.value], float(facts.state is one))
            if facts.signal_dbm is not None:
                signal.add_metric([facts.name], facts.signal_dbm)
        yield state
        yield signal
        yield recoveries
        yield balance
        yield from self._traffic()
        yield from self._forwards()

    def _forwards(self) -> Iterator[Metric]:
        """There may be many receivers of callbacks: they are counted together."""
        waiting = GaugeMetricFamily("simrack_webhook_waiting", "Events that wait to be accepted", labels=["webhook"])
        dead = GaugeMetricFamily("simrack_webhook_dead", "Events that were given up and may be replayed", labels=["webhook"])
        backlogs = self._doors.store.forwards.backlogs()
        for backlog in (one for one in backlogs if not one.callback):
            waiting.add_metric([backlog.webhook], backlog.pending)
            dead.add_metric([backlog.webhook], backlog.dead)
        waiting.add_metric(["callbacks"], sum(one.pending for one in backlogs if one.callback))
        dead.add_metric(["callbacks"], sum(one.dead for one in backlogs if one.callback))
        yield from (waiting, dead)

    def _traffic(self) -> Iterator[Metric]:
        """What went over each channel since the start, and whether it may take more."""
        sent = CounterMetricFamily("simrack_channel_sent", "Texts the network took since the start", labels=["channel"])
        refused = CounterMetricFamily(
            "simrack_channel_refused", "Refusals since the start, by what they mean", labels=["channel", "word"]
        )
        unknown = CounterMetricFamily("simrack_channel_unknown", "Texts nobody answered for since the start", labels=["channel"])
        delivered = CounterMetricFamily("simrack_channel_delivered", "Delivery reports since the start", labels=["channel"])
        seconds = GaugeMetricFamily("simrack_channel_seconds_per_text", "A text takes, on a moving average", labels=["channel"])
        traffic = GaugeMetricFamily("simrack_channel_traffic", "1 for what a channel may do", labels=["channel", "state"])
        left = GaugeMetricFamily("simrack_channel_left_today", "Texts that limits leave a SIM today", labels=["channel"])
        for facts in self._doors.channels():
            counts = self._doors.fitness.counts(facts.name)
            sent.add_metric([facts.name], counts.sent)
            unknown.add_metric([facts.name], counts.unknown)
            delivered.add_metric([facts.name], counts.delivered)
            for word in Word:
                refused.add_metric([facts.name, word.value], counts.refused.get(word.value, 0))
            if (average := self._doors.fitness.picture(facts.sim).seconds) is not None:
                seconds.add_metric([facts.name], average)
            now = self._doors.fitness.shown(facts.name, facts.sim).traffic
            for one in Traffic:
                traffic.add_metric([facts.name, one.value], float(now is one))
            if (texts := self._doors.left_today(facts.sim)) is not None:
                left.add_metric([facts.name], texts)
        yield from (sent, refused, unknown, delivered, seconds, traffic, left)


def blueprint(doors: Doors) -> APIBlueprint:
    bp = APIBlueprint("metrics", __name__, tag="Health")
    doors.metrics.register(Present(doors))

    @bp.get("/metrics")
    @bp.doc(
        summary="Figures for Prometheus",
        responses={200: {"description": "Text", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics() -> Response:
        return Response(generate_latest(doors.metrics), content_type=CONTENT_TYPE_LATEST)

    return bp
