"""Walks through what asyncpg does (binary, extended protocol, portals) and prints one JSON document.

usage: asyncpg_tour.py HOST PORT USER PASSWORD DATABASE CA|- TABLE
"""

import asyncio
import io
import json
import ssl
import sys

import asyncpg

host, port, user, password, database, ca, table = sys.argv[1:]
tls = False if ca == "-" else ssl.create_default_context(cafile=ca)


async def main():
    seen = {}
    db = await asyncpg.connect(host=host, port=int(port), user=user, password=password, database=database, ssl=tls)
    await db.execute(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id int, name text, tags text[])")
    await db.executemany(f"INSERT INTO {table} VALUES ($1, $2, $3)", [(i, f"n{i}", ["a", str(i)]) for i in range(500)])
    rows = await db.fetch(f"SELECT * FROM {table} ORDER BY id LIMIT 5")
    seen["rows"] = [[row["id"], row["name"], row["tags"]] for row in rows]
    statement = await db.prepare(f"SELECT sum(id) FROM {table} WHERE id < $1")
    seen["prepared"] = [await statement.fetchval(limit) for limit in (10, 100, 500)]
    async with db.transaction():
        total = 0
        async for row in db.cursor(f"SELECT id FROM {table} ORDER BY id", prefetch=50):
            total += row["id"]
        seen["cursor"] = total
    out = io.BytesIO()
    await db.copy_from_query(f"SELECT * FROM {table} ORDER BY id", output=out, format="csv")
    seen["copy"] = len(out.getvalue())
    await db.copy_to_table(table, source=io.BytesIO(b"900,copied,\"{x}\"\n"), format="csv")
    seen["copied"] = await db.fetchval(f"SELECT name FROM {table} WHERE id = 900")
    try:
        await db.fetch("SELECT 1/0")
    except asyncpg.DivisionByZeroError as error:
        seen["error"] = error.sqlstate
    heard = asyncio.get_running_loop().create_future()
    await db.add_listener("bell", lambda *rest: heard.done() or heard.set_result(rest[-1]))
    await db.execute("NOTIFY bell, 'ding'")
    seen["notify"] = await asyncio.wait_for(heard, 5)
    try:
        await db.fetch("SELECT pg_sleep(30)", timeout=0.5)
    except asyncio.TimeoutError:
        seen["cancelled, then"] = await db.fetchval("SELECT 1")
    await db.execute(f"DROP TABLE {table}")
    await db.close()
    print(json.dumps(seen, indent=1, sort_keys=True))


asyncio.run(main())
