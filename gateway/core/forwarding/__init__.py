"""Posts events to webhooks until they are accepted, refused for good, or given up. Memory is only a view of the rows.

`loop` decides when, `line` keeps the order for one webhook, `places` shares out what may be in the air; `posting` is one row to
one receiver, `wire` speaks HTTP and `ami` to an Asterisk, both over what `dialling` opens; `judge` says what an answer means,
`addresses` whom we never call, `delays` how long to wait; `results` writes down what happened.
"""

from gateway.core.forwarding.loop import Forwarding

__all__ = ["Forwarding"]
