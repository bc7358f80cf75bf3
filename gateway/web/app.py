"""Builds the web application from its doors: blueprints, problems, OpenAPI. Knows no route and no rule itself."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import abort, request

import gateway
from gateway.web import compat, guides, health, intake, metrics, problems, push
from gateway.web.api import audit, channels, inbound, keys, limits, messages, pools, routes, sims, traffic, webhooks
from gateway.web.auth import SECURITY, Guard
from gateway.web.compat import strays
from gateway.web.doors import Doors
from gateway.web.proxies import behind
from gateway.web.published import describe

__all__ = ["Doors", "create_app"]

MOST_OCTETS = 1_000_000
# In the environment of a request: the status and the words with which the server refuses it before its body is read. Each part of
# the application has its own language for that, which the server does not know.
REFUSED = "simrack.refused"


class _App(APIFlask):
    def log_exception(self, exc_info: Any) -> None:
        """By the route and not by the path, in which a key and a text may stand."""
        route = request.url_rule.rule if request.url_rule is not None else "a path that is no route"
        self.logger.error("a request of %s %s failed", request.method, route, exc_info=exc_info)


def create_app(doors: Doors) -> APIFlask:
    intake.install()
    app = _App(__name__, title="simrack", version=gateway.__version__, docs_path=None, json_errors=False, static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_OCTETS,
        OPENAPI_VERSION="3.1.0",
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_OPERATION_ID=True,
        SECURITY_SCHEMES=SECURITY,
    )
    app.url_map.converters["message"] = messages.MessageId
    app.url_map.converters["route"] = routes.RouteName
    app.url_map.converters["inbound"] = inbound.RuleName
    app.url_map.converters["pool"] = pools.PoolName
    if doors.settings.http.trusted_proxies:
        app.wsgi_app = behind(doors.settings.http.trusted_proxies, app.wsgi_app)  # type: ignore[method-assign]
    guard = Guard(doors.store.keys, doors.settings.doors.networks("v1"))
    for blueprint in (
        messages.blueprint(doors, guard),
        channels.blueprint(doors, guard),
        traffic.blueprint(doors, guard),
        sims.blueprint(doors, guard),
        pools.blueprint(doors, guard),
        routes.blueprint(doors, guard),
        inbound.blueprint(doors, guard),
        limits.blueprint(doors, guard),
        audit.blueprint(doors, guard),
        webhooks.blueprint(doors, guard),
        keys.blueprint(doors, guard),
        health.blueprint(doors, guard),
        metrics.blueprint(doors),
        push.blueprint(doors),
        guides.blueprint(),
        *compat.blueprints(doors),
    ):
        app.register_blueprint(blueprint)
    app.before_request(_heed_the_server)
    problems.install(app, strays.answered)
    app.spec_processor(lambda spec: describe(spec, doors.settings))
    return app


def _heed_the_server() -> None:
    refused = request.environ.get(REFUSED)
    if refused is not None:
        abort(*refused)
