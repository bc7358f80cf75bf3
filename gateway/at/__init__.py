"""The AT conversation without a port and without a clock (3GPP TS 27.005, 27.007, ITU-T V.250): bytes in, events out.

Knows no SMS beyond its framing, and waits for nothing: time-outs live one layer up.
"""
