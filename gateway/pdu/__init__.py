"""Octets to records and back: the transfer layer of SMS (3GPP TS 23.040) and its alphabets (23.038). Pure: no I/O, no
clock, no log. `fields.PduError` is the one error it raises."""
