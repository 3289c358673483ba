"""Asks for a row by parameters in binary and in text, and prints what each attempt came to.

usage: arguments.py DSN
"""

import datetime
import decimal
import sys
import uuid

import psycopg
from psycopg.types.json import Jsonb

VALUES = [
    ("int4", 7),
    ("int8", 1 << 40),
    ("text", "seven"),
    ("bool", True),
    ("float8", 1.5),
    ("numeric", decimal.Decimal("12.50")),
    ("uuid", uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
    ("date", datetime.date(2026, 2, 24)),
    ("timestamptz", datetime.datetime(2026, 2, 24, 12, 30, tzinfo=datetime.timezone.utc)),
    ("jsonb", Jsonb({"a": 1})),
    ("int4[]", [1, 2, 3]),
    ("text[]", ["a", "b c"]),
]

with psycopg.connect(sys.argv[1], autocommit=True) as db:
    for kind, value in VALUES:
        for placeholder in ("%b", "%t"):
            try:
                db.execute(f"SELECT {placeholder}::{kind}", (value,))
                print(kind, placeholder, "passed")
            except psycopg.Error as error:
                print(kind, placeholder, error.sqlstate, error.diag.message_primary)
