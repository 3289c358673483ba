"""Reads a query's rows through a portal, so many at a time. Prints how many came, and the error that stopped it."""
import asyncio
import ssl
import sys

import asyncpg


async def main(dsn: str, bite: int) -> None:
    words = dict(word.split("=", 1) for word in dsn.split())
    link = await asyncpg.connect(
        host=words["host"], port=int(words["port"]), user=words["user"], password=words["password"],
        database=words["dbname"], ssl=ssl.create_default_context(cafile=words["sslrootcert"]),
    )
    rows, said = 0, "nothing"
    try:
        async with link.transaction():
            cursor = await link.cursor("SELECT n FROM generate_series(1, 300000) n")
            while some := await cursor.fetch(bite):
                rows += len(some)
    except asyncpg.PostgresError as error:
        said = f"{error} {error.detail}".replace("\n", " ")
    print(rows, said)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
