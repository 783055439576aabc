"""Runs the command and turns expected noes into words and exit codes.

0 done · 1 refused · 2 wrong usage or setting · 3 database out of reach · 4 port in use
"""

from __future__ import annotations

import os
import sys

import psycopg
import typer
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import InterfaceError, OperationalError, ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable
from psycopg_pool import PoolTimeout

from letterbook.cli import (
    accounting,
    backups,
    leaving,
    mail,
    outgoing,
    people,
    questions,
    serving,
    upkeep,
)
from letterbook.cli.printing import complain
from letterbook.kit.refusals import Refused
from letterbook.project.embedded_postgres import DatabaseUnavailable
from letterbook.project.environment import BadSetting

app = typer.Typer(
    name="letterbook",
    help="The email memory of a team: nothing lost, nothing sent twice, nothing shown to the wrong person.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
serving.add_to(app)
mail.add_to(app)
accounting.add_to(app)
outgoing.add_to(app)
questions.add_to(app)
people.add_to(app)
upkeep.add_to(app)
backups.add_to(app)
leaving.add_to(app)


def main() -> None:
    """Run the command line and exit with the code that says how it went."""
    try:
        app()
    except Refused as refused:
        complain(refused.message, way_out=refused.way_out)
        sys.exit(1)
    except (BadSetting, ImproperlyConfigured) as error:
        complain(str(error))
        sys.exit(2)
    except serving.PortInUse as error:
        complain(str(error), way_out="Choose another with --port.")
        sys.exit(4)
    except DatabaseUnavailable as error:
        complain(str(error))
        sys.exit(3)
    except (OperationalError, InterfaceError) as error:
        complain(
            f"The database cannot be reached: {_why_unreachable(error)}.",
            way_out="Start it, or check DATABASE_URL. Nothing was changed.",
        )
        sys.exit(3)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
            raise
        complain(
            "The database has no Letterbook in it yet, or that of another version.",
            way_out="Run `letterbook migrate`, then this again.",
        )
        sys.exit(3)


def _why_unreachable(error: Exception) -> str:
    """What PostgreSQL, or the system, has to say; a pool only knows that it waited."""
    if isinstance(error.__cause__, PoolTimeout):
        try:
            psycopg.connect(os.environ.get("DATABASE_URL", ""), connect_timeout=3).close()
        except psycopg.OperationalError as told:
            error = told
    return str(error).strip().splitlines()[0].rstrip(".")
