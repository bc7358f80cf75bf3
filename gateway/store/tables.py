"""The tables, as peewee models. Private to the store: rows never leave the package, records do.

Models are bound to a database when it is opened (`bind`), so two stores can live in one process. The schema itself is made by
`migrations/`; a model here must say the same as the newest migration (a test compares them).
"""

from __future__ import annotations

from peewee import BlobField, FloatField, IntegerField, Model, TextField


class Table(Model):
    class Meta:
        legacy_table_names = False


class Messages(Table):
    """Both directions. `id` grows with insertion and orders everything; `public_id` is what clients see."""

    public_id = TextField(unique=True)
    direction = TextField()
    status = TextField()
    recipient = TextField()
    sender = TextField()
    text = TextField()
    encoding = TextField()
    parts = IntegerField()
    channel = TextField(null=True)
    client_ref = TextField(null=True)
    key_id = IntegerField(null=True)
    created_at = FloatField()
    sent_at = FloatField(null=True)
    delivered_at = FloatField(null=True)
    error_code = TextField(null=True)
    error_reason = TextField(null=True)
    error_advice = TextField(null=True)
    # outgoing
    lane = TextField(default="")  # "" any channel, "channel:NAME", "pool:NAME"
    pinned = TextField(null=True)  # the channel that already sent a part of it
    priority = IntegerField(default=0)
    due_at = FloatField(null=True)
    ready = IntegerField(default=0)  # 1: due, and the first in line for its recipient
    expires_at = FloatField(null=True)
    expiry_given = IntegerField(default=0)  # 0: our own default, moved along when the clock jumps
    send_at = FloatField(null=True)
    validity_minutes = IntegerField(null=True)
    flash = IntegerField(default=0)
    report = IntegerField(default=1)
    on_unknown = TextField(null=True)
    tries = IntegerField(default=0)
    unknowns = IntegerField(default=0)  # how often its outcome was unknown
    avoid = TextField(default="")  # ",p0,p3,": channels that refused it in this round
    settle_at = FloatField(null=True)  # unknown: when waiting for an answer ends
    # incoming
    incomplete = IntegerField(default=0)
    flaws = TextField(null=True)  # JSON list of words
    raw = TextField(null=True)  # JSON list of hex PDUs
    data = BlobField(null=True)


class Parts(Table):
    """Parts of outgoing messages."""

    message_id = IntegerField()
    number = IntegerField()
    status = TextField()
    text = TextField()
    encoding = TextField()
    concat_reference = IntegerField(null=True)
    concat_wide = IntegerField(default=0)
    locking = IntegerField(default=0)
    single = IntegerField(default=0)
    channel = TextField(null=True)
    sim = TextField(null=True)
    reference = IntegerField(null=True)  # TP-MR of the newest attempt that may have gone
    sent_at = FloatField(null=True)
    delivered_at = FloatField(null=True)


class Attempts(Table):
    """One try to put a part on the air. `state`: claimed, sent, refused, unknown, released (never began)."""

    message_id = IntegerField()
    part_id = IntegerField()
    number = IntegerField()
    channel = TextField()
    sim = TextField()
    recipient = TextField()
    state = TextField()
    started_at = FloatField()
    ended_at = FloatField(null=True)
    reference = IntegerField(null=True)
    word = TextField(null=True)
    code = TextField(null=True)
    reason = TextField(null=True)


class IncomingParts(Table):
    """Every DELIVER ever kept, by fingerprint: facts of the PDU, never the text alone."""

    fingerprint = TextField(unique=True)
    message_id = IntegerField(null=True)
    channel = TextField()
    sim = TextField()
    arrived_at = FloatField()
    raw = TextField()
    sender = TextField()
    service_time = TextField(null=True)
    text = TextField()
    data = BlobField(null=True)
    encoding = TextField()
    concat_reference = IntegerField(null=True)
    concat_wide = IntegerField(null=True)
    concat_total = IntegerField(null=True)
    concat_number = IntegerField(null=True)
    flaws = TextField(null=True)


class Reports(Table):
    """Every STATUS-REPORT ever kept. `part_id` is empty until the part it speaks of is known."""

    fingerprint = TextField(unique=True)
    part_id = IntegerField(null=True)
    channel = TextField()
    sim = TextField()
    arrived_at = FloatField()
    raw = TextField()
    reference = IntegerField()
    recipient = TextField()
    status = IntegerField()
    service_time = TextField(null=True)
    discharge_time = TextField(null=True)


class Webhooks(Table):
    public_id = TextField(unique=True)
    url = TextField()
    events = TextField()  # JSON list of event types; ["*"] for all
    channels = TextField()  # JSON list of channel names; [] for all
    format = TextField(default="standard")
    secret = TextField()  # needed in clear to sign; never shown after creation
    enabled = IntegerField(default=1)
    disabled_reason = TextField(null=True)
    created_at = FloatField()


class Forwards(Table):
    """One event for one webhook, until it is accepted. `state`: pending, accepted, dead."""

    event_id = TextField()
    webhook_id = IntegerField()
    event_type = TextField()
    conversation = TextField()
    data = TextField()  # JSON of Event.data
    created_at = FloatField()
    queued_at = FloatField()  # when it joined the line; a replay joins anew. Giving up counts from here
    state = TextField()
    tries = IntegerField(default=0)
    next_at = FloatField()
    last_status = IntegerField(null=True)
    last_error = TextField(null=True)
    finished_at = FloatField(null=True)


class Keys(Table):
    name = TextField(unique=True)
    token_hash = TextField(unique=True)  # SHA-256 hex: tokens are 256 random bits, a slow hash would add nothing
    scopes = TextField()  # "send,read"
    created_at = FloatField()
    revoked_at = FloatField(null=True)


class Idempotency(Table):
    key_id = IntegerField()
    idempotency_key = TextField()
    fingerprint = TextField()
    message_ids = TextField()  # JSON list of public ids
    created_at = FloatField()


class Marks(Table):
    """Small facts that must survive: the next concatenation reference, the last channel served."""

    name = TextField(primary_key=True)
    value = TextField()


ALL = (Messages, Parts, Attempts, IncomingParts, Reports, Webhooks, Forwards, Keys, Idempotency, Marks)
