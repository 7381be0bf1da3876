"""The command line of chat. What it prints is for scripts with `--json`, for people without."""

from typing import Annotated

import typer

from chat import program

cli = typer.Typer(
    help="Ask what the documents say: in the browser, or from here.",
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
Collection = Annotated[str | None, typer.Option(help="Search only this collection; without, all that there are.")]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Search only documents with this tag; again for another, which they must have, too."),
]
Mode = Annotated[
    str | None,
    typer.Option(
        help="base: the model alone. rag: from the documents. adapter: with what was learned. rag+adapter: both. "
        "Without: what serves."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
File = Annotated[
    typer.FileText | None,
    typer.Option(help='Questions, one {"id", "question"} a line; prints one JSON line for each.'),
]


@cli.callback()
def web(context: typer.Context) -> None:
    """Without a command: run the chat app."""
    if context.invoked_subcommand is None:
        from chat import commands

        commands.web()


@cli.command()
def engine(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.")] = 0,
    keep: Annotated[bool, typer.Option(help="Stay when nobody uses it.")] = False,
) -> None:
    """Run the local model engine alone; the apps start one by themselves when none runs."""
    from chat.engine.process import serve
    from chat.settings import load_settings

    serve(load_settings(), host=host, port=port, keep=keep)


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="What to ask.")] = None,
    mode: Mode = None,
    adapter: Annotated[str | None, typer.Option(help="Answer with this adapter; without, the one that serves.")] = None,
    collection: Collection = None,
    tag: Tags = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, with citations."""
    from chat import commands

    choice = commands.chosen(mode, adapter)
    where = commands.Where(collection, tag or ())
    commands.ask(commands.questions(question, file), choice, where, as_json=as_json or file is not None)


@cli.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What to search for.")] = None,
    collection: Collection = None,
    tag: Tags = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages that an answer would be made from."""
    from chat import commands

    where = commands.Where(collection, tag or ())
    commands.search(commands.questions(query, file), where, k, as_json=as_json or file is not None)


def main() -> None:
    """Run the command line."""
    program.run(cli, "chat")


if __name__ == "__main__":
    main()
