"""The errors of the tools.

ToolsError              the call cannot be answered; the message says what to do instead
├── NothingFound        the thing asked for is not in the crystal
└── BadArgument         an argument has a value that cannot be meant

A tool also lets the errors of lower rooms through; the server shows the model the message of every
error that these rooms define, and hides the text of any other.
"""


class ToolsError(Exception):
    """The call cannot be answered; the message names the cause, the value and the next step."""


class NothingFound(ToolsError):
    """What was asked for is not in the crystal."""


class BadArgument(ToolsError):
    """An argument is well formed and cannot be meant."""
