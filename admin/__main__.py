"""The command line of admin. What it prints is for scripts with `--json`, for people without."""

import io
import os
import sys
from typing import Annotated

import typer

from admin import embedder_commands, jobs_commands, people_commands, questions_commands, sources_commands

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Several processes share the cores: a spinning OpenMP barrier would stop them all. Read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

cli = typer.Typer(
    help="Look after what the assistant knows: documents, collections, jobs.",
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
documents = typer.Typer(help="The documents.", no_args_is_help=True)
collections = typer.Typer(help="The collections that documents are in.", no_args_is_help=True)
cli.add_typer(documents, name="documents")
cli.add_typer(collections, name="collections")
cli.add_typer(embedder_commands.embedder, name="embedder")
cli.add_typer(jobs_commands.jobs, name="jobs")
cli.add_typer(people_commands.users, name="users")
cli.add_typer(questions_commands.questions, name="questions")
cli.add_typer(sources_commands.sources, name="sources")
collections.add_typer(people_commands.members, name="members")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DocumentId = Annotated[int, typer.Argument(help="Its id, as `documents list` shows it.")]


@cli.callback()
def web(context: typer.Context) -> None:
    """Without a command: run the admin app."""
    if context.invoked_subcommand is None:
        from admin import commands

        commands.web()


@cli.command()
def up() -> None:
    """Run everything on this machine: database, models, chat, admin and a worker. Ctrl-C stops all of it."""
    from admin import up

    up.run()


@cli.command()
def worker(
    check: Annotated[bool, typer.Option(help="Only say whether a worker is alive; exit 1 if none is.")] = False,
) -> None:
    """Run jobs until interrupted; as many workers as you like, on as many hosts."""
    from admin import commands

    if check:
        commands.check_worker()
    else:
        commands.work()


@cli.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, zip archives, addresses of web pages.")],
    collection: Annotated[str, typer.Option(help="Where they go; made if it does not exist.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Add documents, and wait until each is ready or failed. The same bytes again: nothing to do."""
    from admin import commands

    commands.ingest(paths, collection, as_json=as_json)


@cli.command()
def doctor(as_json: AsJson = False) -> None:
    """Check every part, and say how to cure what is wrong."""
    from admin import doctor

    doctor.run(as_json=as_json)


@documents.command("list")
def list_documents(collection: Annotated[str | None, typer.Option()] = None, as_json: AsJson = False) -> None:
    """All documents, with where they stand."""
    from admin import commands

    commands.list_documents(collection, as_json=as_json)


@documents.command("show")
def show_document(document: DocumentId, as_json: AsJson = False) -> None:
    """One document and its versions."""
    from admin import commands

    commands.show_document(document, as_json=as_json)


@documents.command("rollback")
def roll_back(
    document: DocumentId,
    to: Annotated[int, typer.Option(help="Number of the version that shall answer.")],
) -> None:
    """Let an earlier version answer again; it does at once."""
    from admin import commands

    commands.roll_back(document, to)


@documents.command("publish")
def publish_document(document: DocumentId) -> None:
    """Let the newest draft of a document answer."""
    from admin import commands

    commands.publish_document(document)


@documents.command("delete")
def delete_document(document: DocumentId, yes: Yes = False) -> None:
    """Delete a document with all its versions. It stops answering at once."""
    from admin import commands

    commands.delete_document(document, yes=yes)


@collections.command("list")
def list_collections(as_json: AsJson = False) -> None:
    """All collections."""
    from admin import commands

    commands.list_collections(as_json=as_json)


@collections.command("create")
def create_collection(name: str) -> None:
    """Make an empty collection."""
    from admin import commands

    commands.create_collection(name)


@collections.command("delete")
def delete_collection(name: str, yes: Yes = False) -> None:
    """Delete a collection with all its documents."""
    from admin import commands

    commands.delete_collection(name, yes=yes)


def main() -> None:
    """Run the command line. A failure that a person can cure is one line on stderr, exit status 1."""
    from chat.errors import AppError

    if isinstance(sys.stdout, io.TextIOWrapper):
        # The name of a file may hold bytes that are no characters: they are printed escaped, in JSON too.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        cli()
    except AppError as error:
        print(f"admin: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
