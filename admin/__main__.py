"""The command line of admin. What it prints is for scripts with `--json`, for people without."""

from typing import Annotated

import typer

from admin import (
    adapters_commands,
    embedder_commands,
    evaluation_commands,
    examples_commands,
    jobs_commands,
    keys_commands,
    people_commands,
    promotion_commands,
    questions_commands,
    recipes_commands,
    snapshots_commands,
    sources_commands,
    training_commands,
)
from chat import program

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
cli.add_typer(adapters_commands.adapters, name="adapters")
adapters_commands.adapters.command("promote")(promotion_commands.promote_adapter)
adapters_commands.adapters.command("rollback")(promotion_commands.roll_back)
adapters_commands.adapters.command("rules")(promotion_commands.show_rules)
adapters_commands.adapters.command("canary")(promotion_commands.try_adapter)
cli.add_typer(embedder_commands.embedder, name="embedder")
cli.add_typer(examples_commands.examples, name="examples")
examples_commands.examples.command("check")(snapshots_commands.check_examples)
cli.add_typer(jobs_commands.jobs, name="jobs")
cli.add_typer(keys_commands.keys, name="keys")
cli.add_typer(people_commands.users, name="users")
cli.add_typer(questions_commands.questions, name="questions")
cli.add_typer(recipes_commands.recipe, name="recipe")
cli.add_typer(snapshots_commands.snapshot, name="snapshot")
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


cli.command()(evaluation_commands.evaluate)
cli.command()(training_commands.train)


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


@documents.command("reindex")
def reindex(
    documents: Annotated[list[int] | None, typer.Argument(help="Their ids, as `documents list` shows them.")] = None,
    collection: Annotated[str | None, typer.Option(help="All documents of this collection.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All documents.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read documents' kept files again, cut and embed them anew. What answers now answers until that is done."""
    from admin import commands

    if sum(map(bool, (documents, collection, every))) != 1:
        raise typer.BadParameter("Name documents by their ids, or give --collection C, or --all.")
    commands.reindex(documents or [], collection, every=every, as_json=as_json)


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
    """Run the command line."""
    program.run(cli, "admin")


if __name__ == "__main__":
    main()
