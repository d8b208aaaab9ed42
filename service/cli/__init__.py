"""The command `songnuan` groups all commands."""

import logging

import click

from service.cli.audit import audit
from service.cli.confirmations import confirm, invite
from service.cli.demo import demo
from service.cli.doctor import doctor
from service.cli.imports import import_year
from service.cli.migrate import init, migrate
from service.cli.report import report
from service.cli.search_keys import search_keys
from service.cli.serve import relocate_folder, serve
from service.cli.tokens import token
from service.cli.witness import witness
from service.private_files import close_new_files


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="songnuan")
def main() -> None:
    """送温暖：工会困难帮扶和金秋助学 · Hardship and tuition assistance of a trade union: cases, money, annual report."""
    close_new_files()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")


audit.add_command(witness)
for command in (
    serve,
    demo,
    migrate,
    init,
    import_year,
    report,
    token,
    invite,
    confirm,
    audit,
    doctor,
    relocate_folder,
    search_keys,
):
    main.add_command(command)
