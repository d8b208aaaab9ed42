"""The house's own PostgreSQL and Valkey, for a machine that has none: started, found running, and stopped."""

from service.servers.broker import start_broker
from service.servers.postgres import start_postgres
from service.servers.programs import postgres_programs
from service.servers.started import CannotStart, Started, a_free_port, port_free

__all__ = ["CannotStart", "Started", "a_free_port", "port_free", "postgres_programs", "start_broker", "start_postgres"]
