"""What a module of one's own may get wrong: its source, the line to mend, the kind of error."""

from tests.actions.own_modules import FIRST, HEAD

SECRET = "ada@acme.example"
MINE = HEAD + 'ACTION = Action("mine", "Mine.", Given, Made, run, (LABELS,))\n'
MAIL = f"""{HEAD}from shared.domain.sync.records.projection import Projection
class Mail(BaseModel):
    text: str = ""
PROJECTION = Projection(Mail, lambda _: None, "find-mail", "Mail.")
"""
TWICE = """ACTIONS = (
    Action("mine", "Mine.", Given, Made, run, (LABELS,)),
    Action("mine", "Mine.", Given, Made, run, (LABELS,)),
)
"""
ODD = """class Odd(Given):
    model_config = {"arbitrary_types_allowed": True}
    thing: type(run) = None
ACTION = Action("odd", "Odd.", Odd, Made, run, (LABELS,))
"""
HOUR = "from datetime import timedelta\n"
AGAIN = "\nfrom shared.actions.gmail.labels import ACTIONS\n"

UNLOADABLE = {
    "a syntax error": ("x = 1\ndef run(:\n", 2, "SyntaxError"),
    "a tab among spaces": ("if 1:\n        x = 1\n\ty = 2\n", 3, "TabError"),
    "a null byte": ("x = 1\n\0\n", 1, "SyntaxError"),
    "an import of nothing": ("x = 1\n\nimport nothing_of_ada\n", 3, "ModuleNotFoundError"),
    "an import of no name": ("from shared.errors import NoSuchError\n", 1, "ImportError"),
    "an exception": (f"\n\n\nraise ValueError('{SECRET}')\n", 4, "ValueError"),
    "an exception deep inside": (f"import json\njson.loads('{SECRET}')\n", 2, "JSONDecodeError"),
    "an exit": (f"import sys\nsys.exit('{SECRET}')\n", 2, "SystemExit"),
    "a cancellation": ("import asyncio\nraise asyncio.CancelledError\n", 2, "CancelledError"),
    "endless recursion": ("def f():\n    f()\nf()\n", 2, "RecursionError"),
}
UNSERVABLE = {
    "no action": (f"x = 1\nACTION = '{SECRET}'\n", 2, "WrongExportError"),
    "what is no tuple of actions": ("x = 1\nACTIONS = 7\n", 2, "WrongExportError"),
    "a built-in's name": (MINE.replace("mine", "get-message"), FIRST, "NameTakenError"),
    "a built-in's rows again": (AGAIN, 2, "NameTakenError"),
    "another own name": (MINE.replace("mine", "own-sound"), FIRST, "NameTakenError"),
    "one name twice": (HEAD + TWICE, FIRST + 1, "NameTakenError"),
    "a model without a schema": (HEAD + ODD, FIRST + 3, "NoSchemaError"),
    "an input that is no model": (MINE.replace("Given,", "dict,"), FIRST, "NoSchemaError"),
    "a name no call has": (MINE.replace('"mine"', '"My Action"'), FIRST, "ConfigurationError"),
    "a timeout beyond the function's": (
        HEAD + HOUR + MINE[len(HEAD) :].replace("S,))", "S,), timeout=timedelta(hours=1))"),
        FIRST + 1,
        "ConfigurationError",
    ),
    "a scope that is no tuple": (MINE.replace("(LABELS,)", "LABELS"), FIRST, "ConfigurationError"),
    "the messages' own sync": (
        MAIL.replace("find-mail", "fetch-messages"),
        FIRST + 3,
        "NameTakenError",
    ),
    "the messages' own model": (
        MAIL.replace("Mail(", "EmailMessage(").replace("(Mail,", "(EmailMessage,"),
        FIRST + 1,
        "NameTakenError",
    ),
}
