"""A small shop: an order goes into the database, through the queue, and its receipt into the cache.

It reads the same variables as in production and knows nothing of devenv.
"""

from __future__ import annotations

import os

import pika
import psycopg
import redis


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        database.execute("CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, item text NOT NULL)")
        database.execute("CREATE INDEX IF NOT EXISTS orders_item ON orders USING gin (item gin_trgm_ops)")
        order = database.execute("INSERT INTO orders (item) VALUES ('a blue teapot') RETURNING id").fetchone()
        version = database.execute("SHOW server_version").fetchone()
        found = database.execute("SELECT count(*) FROM orders WHERE item ILIKE '%teapot%'").fetchone()
    assert order and version and found
    print(f"db:    order {order[0]} is in PostgreSQL {version[0]}; trigram search finds {found[0]} teapot(s)")

    connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
    channel = connection.channel()
    channel.queue_declare("orders", durable=True)
    channel.basic_publish("", "orders", str(order[0]).encode())
    _, _, body = channel.basic_get("orders", auto_ack=True)
    connection.close()
    print(f"queue: order {body.decode()} came out of RabbitMQ")

    cache = redis.from_url(os.environ["CACHE_URL"])
    receipt = f"receipt:{body.decode()}"
    cache.set(receipt, "1 blue teapot")
    print(f"cache: Redis {cache.info('server')['redis_version']} keeps receipt '{cache.get(receipt).decode()}'")


if __name__ == "__main__":
    main()
