"""`python -m service.file_maker` makes the long exports that wait, and ends; the worker starts it."""

import os
import sys

from service.actions.prepared_files import KEPT
from service.app import create_app
from service.clock import now
from service.config import read_settings
from service.observability import logs
from service.private_files import close_new_files
from service.queries import past_records, prepared_files
from service.web.file_making import make_file
from service.web.past_copies import make_copy


def main() -> int:
    """Make each copy of a past record and each file that waits and that no other process makes."""
    logs.configure()
    close_new_files()
    app = create_app(read_settings(os.environ))
    engine = app.extensions["songnuan"].engine
    with engine.connect() as conn:
        ids, copies = prepared_files.waiting(conn, now() - KEPT), past_records.waiting(conn, now())
    for up_to in copies:
        make_copy(engine, up_to)
    for file_id in ids:
        make_file(app, file_id, now)
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
