"""The faults a box can have, by name. How they are armed and counted is as with modems; what they do is in strikes.py."""

from __future__ import annotations

from simulator.faults import NOW, Kind

# An API request came; somebody logs in; a text leaves the queue of its port; a report came from the network; a push is due.
REQUEST, LOGIN, AIR, REPORT, PUSH = "request", "login", "air", "report", "push"

# `command`: only requests to /api/<command>; `port`: only this port (-1: any).
_CALL, _PORT = {"command": ""}, {"port": -1}

CATALOGUE: dict[str, Kind] = {
    # The web server
    "dead": Kind("Nobody answers for `seconds` (0: until released): connections are `refused`, or accepted and `silent`.", (NOW,),
                 {"how": "refused", "seconds": 0.0}),
    "slow": Kind("A request waits `seconds` (0: until released) before the box looks at it.", (REQUEST,), {"seconds": 5.0} | _CALL),
    "late-reply": Kind("A request is done, and its answer comes `seconds` late.", (REQUEST,), {"seconds": 5.0} | _CALL),
    "lost-request": Kind("The connection is cut before the request is taken.", (REQUEST,), _CALL),
    "lost-reply": Kind("The request is done, and the connection is cut instead of an answer.", (REQUEST,), _CALL),
    "http-error": Kind("The answer is an HTTP error page; nothing was done.", (REQUEST,), {"status": 500} | _CALL),
    "error-code": Kind("The answer is an `error_code` (500, 550, 413 …); nothing was done.", (REQUEST,), {"code": 500} | _CALL),
    "garbage": Kind("The request is done, and its answer is no JSON.", (REQUEST,), _CALL),
    "truncated": Kind("The request is done, and its answer ends in the middle.", (REQUEST,), _CALL),
    "auth-refused": Kind("Right logins are refused with 401 for `seconds` (0: until released).", (NOW,), {"seconds": 0.0}),
    "stale-nonce": Kind("The nonce of the next Digest login has become stale.", (LOGIN,), _CALL),
    # The box
    "restart": Kind("It starts again: queue and results are lost, the inbox stays, task ids begin at 1; away for `seconds`.",
                    (NOW, REQUEST), {"seconds": 0.0} | _CALL),
    "factory-reset": Kind("As restart, and the inbox is empty, its ids begin at 1, nothing is pushed; away for `seconds`.", (NOW,),
                          {"seconds": 0.0}),
    # Ports
    "unregistered": Kind("A port loses the network for `seconds` (0: until released).", (NOW,), {"seconds": 0.0} | _PORT),
    "sim-removed": Kind("The SIM of a port is taken out for `seconds` (0: until released).", (NOW,), {"seconds": 0.0} | _PORT),
    "exhausted": Kind("The box's own limit for a SIM is used up for `seconds` (0: until released): it gets no more texts.", (NOW,),
                      {"seconds": 0.0} | _PORT),
    "hung-port": Kind("The port hangs with its next text: SENDING until released, and nothing behind it goes out.", (AIR,), _PORT),
    "no-result": Kind("The network takes the next text, its result stays SENDING for ever.", (AIR,), _PORT),
    "fail": Kind("The next text is FAILED and never was on the air.", (AIR,), _PORT),
    "false-failed": Kind("The network takes the next text, its result says FAILED.", (AIR,), _PORT),
    "temporary-status": Kind("The next report comes as a temporary `status` first, and as it is `seconds` later.", (REPORT,),
                             {"status": 48, "seconds": 1.0} | _PORT),
    "lost-report": Kind("The next report is lost in the box.", (REPORT,), _PORT),
    # Pushes
    "lost-push": Kind("The next push is not made.", (PUSH,)),
    "exception": Kind("The box tells the push server that a port misbehaved.", (NOW,), {"port": 0}),
}
