"""Reads one value of many bytes and prints its length and digest.  usage: big_value.py DSN MEGABYTES"""

import hashlib
import sys

import psycopg

dsn, megabytes = sys.argv[1], int(sys.argv[2])
with psycopg.connect(dsn) as db:
    value = db.execute(f"SELECT repeat('0123456789abcdef', {megabytes * 65536})", binary=True).fetchone()[0]
print(len(value), hashlib.sha256(value.encode()).hexdigest())
