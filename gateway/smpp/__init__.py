"""SMPP 3.4 for clients that speak it: an SMSC on the event loop, beside the web (row 6: may import core, store reads, row 1).

`codec`, `words`, `text`, `times` and `addresses` are pure; `submits` and `delivers` turn PDUs into what core takes and back;
`session` is one connection, `collector` gathers submits into commits, `handing_on` brings receipts and texts to binds, `server`
listens. It offers no data_sm, submit_multi, replace_sm, broadcast or outbind.
"""
