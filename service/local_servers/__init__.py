"""Local servers are a PostgreSQL and a Valkey for a machine that has none."""

from service.local_servers.broker_claim import claim_broker
from service.local_servers.postgres import Postgres, start_postgres
from service.local_servers.postgres_binaries import postgres_programs
from service.local_servers.process import CannotStart, ServerProcess, a_free_port, port_answers, port_free
from service.local_servers.valkey import start_broker

__all__ = [
    "CannotStart",
    "Postgres",
    "ServerProcess",
    "a_free_port",
    "claim_broker",
    "port_answers",
    "port_free",
    "postgres_programs",
    "start_broker",
    "start_postgres",
]
