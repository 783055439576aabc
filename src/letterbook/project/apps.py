"""What is done once Django has loaded everything: the second wall is built after migrating, and kept while asking."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class ProjectConfig(AppConfig):
    """Ties the second wall to Django's migrations and connections."""

    name = "letterbook.project"

    def ready(self) -> None:
        """Listen to Django."""
        # Both need the models.
        from letterbook.project.wall_building import build_wall, take_down_wall  # noqa: PLC0415
        from letterbook.teams.second_wall import open_with_eyes  # noqa: PLC0415

        connection_created.connect(open_with_eyes)
        # Each is told once per app, the last of them when everything is migrated.
        teams = apps.get_app_config("teams")
        pre_migrate.connect(take_down_wall, sender=teams)
        post_migrate.connect(build_wall, sender=teams)
