"""`python -m letterbook` and the installed `letterbook` command."""

from __future__ import annotations


def main() -> None:
    """Run the command."""
    # Here, because each process that an import parses in imports this file, and none of what the command needs.
    from letterbook.cli.running import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
