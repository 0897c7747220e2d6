"""The file behind grants, keys and watches, so that a restart keeps them valid."""

import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS signing_key (kid TEXT PRIMARY KEY, private_pem BLOB, certificate BLOB);
CREATE TABLE IF NOT EXISTS consents (
    email TEXT PRIMARY KEY, scopes TEXT NOT NULL, given_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, email TEXT NOT NULL, request TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    token TEXT PRIMARY KEY, email TEXT NOT NULL, scopes TEXT NOT NULL,
    given_at REAL NOT NULL, used_at REAL NOT NULL, dead INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS refresh_tokens_email ON refresh_tokens (email, given_at);
CREATE TABLE IF NOT EXISTS access_tokens (
    token TEXT PRIMARY KEY, email TEXT NOT NULL, scopes TEXT NOT NULL,
    given_at REAL NOT NULL, expires_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS access_tokens_email ON access_tokens (email);
CREATE TABLE IF NOT EXISTS watches (
    email TEXT PRIMARY KEY, topic TEXT NOT NULL, label_ids TEXT NOT NULL,
    label_filter_behavior TEXT NOT NULL, client_id TEXT NOT NULL, expires_at REAL NOT NULL,
    history_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    email TEXT PRIMARY KEY, subject TEXT NOT NULL, former TEXT);
"""


def open_state(path: str) -> sqlite3.Connection:
    """Open the endpoints' own database beside the mail store's file, in autocommit mode.

    Beside and not inside: two connections of one process writing to one SQLite file would
    wait for each other on the event loop's only thread.
    """
    place = path
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        place = str(Path(path).with_suffix(".grants.sqlite"))
    database = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(SCHEMA)
    return database
