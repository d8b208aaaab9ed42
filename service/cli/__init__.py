"""The command `songnuan` groups all commands; the module of a command is imported when the command is used."""

import gc
import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint

import click

from service.private_files import close_new_files

COMMANDS: Mapping[str, str] = {
    "serve": "service.cli.serve:serve",
    "demo": "service.cli.demo.command:demo",
    "migrate": "service.cli.migrate:migrate",
    "init": "service.cli.migrate:init",
    "import": "service.cli.imports:import_year",
    "undo": "service.cli.import_undo:undo",
    "report": "service.cli.report:report",
    "token": "service.cli.tokens:token",
    "invite": "service.cli.confirmations:invite",
    "confirm": "service.cli.confirmations:confirm",
    "audit": "service.cli.audit:audit",
    "doctor": "service.cli.doctor:doctor",
    "relocate": "service.cli.serve:relocate_folder",
    "search-keys": "service.cli.search_keys:search_keys",
}
"""The module and the name of each command. Together they import most of the service, which takes seconds."""


class CommandGroup(click.Group):
    """A group that imports a command when it is asked for (docs/decisions/0039)."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands, in the order of their letters."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = EntryPoint(cmd_name, COMMANDS[cmd_name], "songnuan").load()
        # What was imported stays until the end: to look through it once more at exit takes most of a second.
        gc.freeze()
        return command


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="songnuan")
def main() -> None:
    """送温暖：工会困难帮扶和金秋助学 · Hardship and tuition assistance of a trade union: cases, money, annual report."""
    close_new_files()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
