"""Runs one prepared statement again and again, once for each line of standard input.

usage: prepared.py HOST PORT USER PASSWORD DATABASE CA QUERY
"""

import asyncio
import ssl
import sys

import asyncpg

host, port, user, password, database, ca, query = sys.argv[1:]


async def main():
    tls = ssl.create_default_context(cafile=ca)
    db = await asyncpg.connect(host=host, port=int(port), user=user, password=password, database=database, ssl=tls)
    for _line in sys.stdin:
        print(await db.fetchval(query, 3), flush=True)
    await db.close()


asyncio.run(main())
