"""Text from the corpus, put into a prompt so that it stays data."""

import secrets


def fence() -> str:
    """A mark that no text can have guessed."""
    return secrets.token_hex(8)


def quoted(text: str, mark: str) -> str:
    """`text` between two lines that carry the mark; nothing for no text."""
    return f"<data {mark}>\n{text}\n</data {mark}>" if text else ""
