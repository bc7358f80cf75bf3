"""fusionpbx.sql, executed in tables as the app Providers declares them (app_config.php, June 2026), and read by FusionPBX' queries.

The database is SQLite here, with what PostgreSQL's types would refuse as checks.
"""

from __future__ import annotations

import ipaddress
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from gateway import guides

PROVIDER = "6b1f1c4e-2f0a-4c57-9d0b-5a1d5e0c7a11"
VALUES = {"address": "http://192.0.2.20:8080", "host": "192.0.2.20", "key": "a-key-0123456789"}
_AUDIT = "insert_date date, insert_user text, update_date date, update_user text"
_BOOLEAN = "IN ('true', 'false')"
TABLES = f"""
CREATE TABLE v_providers (
    provider_uuid text PRIMARY KEY CHECK (is_uuid(provider_uuid)), domain_uuid text, provider_name text,
    provider_enabled boolean CHECK (provider_enabled {_BOOLEAN}), provider_description text, {_AUDIT});
CREATE TABLE v_provider_settings (
    provider_setting_uuid text PRIMARY KEY CHECK (is_uuid(provider_setting_uuid)), domain_uuid text,
    provider_uuid text CHECK (is_uuid(provider_uuid)), application_uuid text, provider_setting_category text,
    provider_setting_subcategory text, provider_setting_type text, provider_setting_name text, provider_setting_value text,
    provider_setting_order numeric, provider_setting_enabled boolean CHECK (provider_setting_enabled {_BOOLEAN}),
    provider_setting_description text, {_AUDIT});
CREATE TABLE v_provider_addresses (
    provider_address_uuid text PRIMARY KEY CHECK (is_uuid(provider_address_uuid)), domain_uuid text,
    provider_uuid text CHECK (is_uuid(provider_uuid)), provider_address_cidr text CHECK (is_cidr(provider_address_cidr)),
    provider_address_enabled boolean CHECK (provider_address_enabled {_BOOLEAN}), provider_address_description text, {_AUDIT});
INSERT INTO v_providers (provider_uuid, provider_name, provider_enabled)
    VALUES ('00000000-0000-4000-8000-000000000001', 'another', 'true');
INSERT INTO v_provider_settings (provider_setting_uuid, provider_uuid, provider_setting_name)
    VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'http_method');
INSERT INTO v_provider_addresses (provider_address_uuid, provider_uuid, provider_address_cidr)
    VALUES ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000001', '198.51.100.0/24');
"""
# What message_send.php and index.php of the app Messages ask.
SETTINGS = """
select provider_setting_subcategory, provider_setting_name, provider_setting_value from v_provider_settings
where provider_uuid = ? and provider_setting_category = ? and provider_setting_enabled = 'true' order by provider_setting_order
"""
ADDRESSES = """
select provider_uuid, provider_address_cidr from v_provider_addresses
where provider_address_cidr is not null and provider_address_enabled = 'true'
"""


def is_uuid(written: str) -> bool:
    with suppress(ValueError):
        return str(uuid.UUID(written)) == written
    return False


def is_cidr(written: str) -> bool:
    """As PostgreSQL's type: no name, and no bits beside the mask."""
    with suppress(ValueError):
        return bool(ipaddress.ip_network(written))
    return False


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        opened.create_function("gen_random_uuid", 0, lambda: str(uuid.uuid4()))
        opened.create_function("is_uuid", 1, is_uuid, deterministic=True)
        opened.create_function("is_cidr", 1, is_cidr, deterministic=True)
        opened.executescript(TABLES)
        yield opened


def imported(database: sqlite3.Connection, **changed: str) -> None:
    file = guides.file("fusionpbx.sql")
    assert file is not None
    database.executescript(guides.filled(file, {**VALUES, **changed}))


def counted(database: sqlite3.Connection) -> list[int]:
    tables = ("v_providers", "v_provider_settings", "v_provider_addresses")
    return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


def test_fusionpbx_finds_where_how_and_as_whom_to_send(database: sqlite3.Connection) -> None:
    imported(database)
    assert database.execute(SETTINGS, (PROVIDER, "outbound")).fetchall() == [
        ("destination", "http_destination", "http://192.0.2.20:8080/api/send"),
        ("method", "http_method", "POST"),
        ("authentication", "http_auth_username", "simrack"),
        ("authentication", "http_auth_password", "a-key-0123456789"),
        ("content", "content_type", "json"),
        ("content", "message_from", "from"),
        ("content", "message_to", "to"),
        ("content", "message_content", "text"),
    ]


def test_fusionpbx_finds_how_to_read_what_comes_in_and_from_whom(database: sqlite3.Connection) -> None:
    imported(database)
    assert database.execute(SETTINGS, (PROVIDER, "inbound")).fetchall() == [
        ("content", "content_type", "json"),
        ("content", "message_from", "from"),
        ("content", "message_to", "to"),
        ("content", "message_content", "text"),
    ]
    assert database.execute(ADDRESSES).fetchall() == [(PROVIDER, "192.0.2.20")]
    named = "SELECT provider_name, provider_enabled FROM v_providers WHERE provider_uuid = ?"
    assert database.execute(named, (PROVIDER,)).fetchall() == [("simrack", "true")]


def test_a_second_import_replaces_the_first_and_touches_nobody_else(database: sqlite3.Connection) -> None:
    imported(database)
    assert counted(database) == [2, 13, 2]
    imported(database, key="another-key", host="2001:db8::20")
    assert counted(database) == [2, 13, 2]
    assert ("authentication", "http_auth_password", "another-key") in database.execute(SETTINGS, (PROVIDER, "outbound")).fetchall()
    assert database.execute(ADDRESSES).fetchall() == [(PROVIDER, "2001:db8::20")]
    assert database.execute("SELECT count(*) FROM v_provider_settings WHERE provider_uuid <> ?", (PROVIDER,)).fetchone() == (1,)


def test_an_import_that_fails_leaves_nothing_half_done(database: sqlite3.Connection) -> None:
    imported(database)
    with pytest.raises(sqlite3.IntegrityError, match="is_cidr"):
        imported(database, key="another-key", host="sms.example.net")  # PostgreSQL's cidr takes no names
    database.rollback()
    assert counted(database) == [2, 13, 2]
    outbound = database.execute(SETTINGS, (PROVIDER, "outbound")).fetchall()
    assert ("authentication", "http_auth_password", "a-key-0123456789") in outbound
