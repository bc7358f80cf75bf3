"""The facts that travel between packages: frozen, typed, without behaviour beyond reading themselves.

One word per thing (message, part, attempt, report, channel, forward). No I/O, no clock, no storage types.
Times are seconds since 1970 UTC (float) unless a name says otherwise.
"""

from gateway.records.air import (
    Concat,
    Encoding,
    IncomingPart,
    Outcome,
    OutgoingPart,
    Part,
    Refused,
    Report,
    Sent,
    Unanswered,
    Unknown,
    Word,
)
from gateway.records.channels import (
    Balance,
    ChannelFacts,
    ChannelState,
    Sim,
    SimChange,
    Standing,
    Traffic,
    UssdReply,
)
from gateway.records.clients import (
    Counted,
    Key,
    Limit,
    Per,
    SmppAddress,
    SmppDelivery,
    SmppWish,
)
from gateway.records.events import (
    Event,
    EventType,
    Forward,
    ForwardState,
    Webhook,
)
from gateway.records.messages import (
    Attempt,
    Callback,
    Direction,
    Message,
    MessageError,
    OnUnknown,
    SendRequest,
    Status,
)

__all__ = [
    "Attempt",
    "Balance",
    "Callback",
    "ChannelFacts",
    "ChannelState",
    "Concat",
    "Counted",
    "Direction",
    "Encoding",
    "Event",
    "EventType",
    "Forward",
    "ForwardState",
    "IncomingPart",
    "Key",
    "Limit",
    "Message",
    "MessageError",
    "OnUnknown",
    "Outcome",
    "OutgoingPart",
    "Part",
    "Per",
    "Refused",
    "Report",
    "SendRequest",
    "Sent",
    "Sim",
    "SimChange",
    "SmppAddress",
    "SmppDelivery",
    "SmppWish",
    "Standing",
    "Status",
    "Traffic",
    "Unanswered",
    "Unknown",
    "UssdReply",
    "Webhook",
    "Word",
]
