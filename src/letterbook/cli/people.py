"""`user`, `team`, `token`: who may come in."""

from __future__ import annotations

from typing import Annotated

import typer
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from letterbook.cli.printing import out
from letterbook.cli.starting import start_django
from letterbook.kit.refusals import Conflict, Invalid

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
TeamSlug = Annotated[
    str, typer.Option("--team", help="The team's slug; not needed while there is one team.")
]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    user, team, token = (typer.Typer(no_args_is_help=True) for _ in range(3))
    user.command("create")(create_user)
    user.command("password")(set_password)
    team.command("create")(create_team)
    token.command("create")(create_token)
    app.add_typer(user, name="user", help="People who sign in.")
    app.add_typer(team, name="team", help="Teams.")
    app.add_typer(token, name="token", help="Tokens for programs.")


def create_user(
    email: Email,
    name: Annotated[str, typer.Option(help="How they are called.")] = "",
    team: TeamSlug = "",
    role: Annotated[str, typer.Option(help="owner, admin or member.")] = "member",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="Asked for when not given.")
    ] = "",
) -> None:
    """Create a person who can sign in, and put them into a team when there is one."""
    start_django()
    from letterbook.cli.choosing import choose_team
    from letterbook.teams.models import Membership, Role, Team, User

    if role not in Role.values:
        raise Invalid(f"{role!r} is no role.", way_out="Use owner, admin or member.", field="role")
    try:
        with transaction.atomic():
            validate_password(password)
            user = User.objects.create_user(email, password, name=name)
            if team or Team.objects.exists():
                Membership.objects.create(team=choose_team(team), user=user, role=role)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    except IntegrityError as error:
        raise Conflict(f"{email} can sign in already.") from error
    out.print(f"{email} can sign in now.")


def set_password(
    email: Email,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)
    ] = "",
) -> None:
    """Give a person a new password: the way back in where no email can be sent."""
    start_django()
    from letterbook.cli.choosing import choose_user

    user = choose_user(email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save(update_fields=["password"])
    out.print(f"{email} signs in with the new password; everyone signed in as them is signed out.")


def create_team(
    name: Annotated[str, typer.Argument(help="The team's name.")],
    owner: Annotated[str, typer.Option(help="The address of its owner.")],
) -> None:
    """Create a team."""
    start_django()
    from letterbook.cli.choosing import choose_user
    from letterbook.teams.joining import found_team

    member = found_team(choose_user(owner), name=name, at=now())
    out.print(f"The team {member.team.name} is there; its slug is {member.team.slug}.")


def create_token(
    email: Annotated[str, typer.Argument(help="Whom the program acts as.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
    team: TeamSlug = "",
) -> None:
    """Create a token for the REST interface. It is shown once."""
    start_django()
    from letterbook.cli.choosing import choose_member, choose_team
    from letterbook.teams import tokens

    token = tokens.create_token(choose_member(choose_team(team), email), name=name, at=now())
    typer.echo(token)
