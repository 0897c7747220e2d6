"""Further parsers of the domain that take one text, for tests/domain/test_linear.py."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.domain.mail.reading import hidden_text
from shared.domain.sync import search

TEXT_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "hidden_text.visible_html": hidden_text.visible_html,
    "hidden_text.without_hidden": lambda text: hidden_text.without_hidden(
        {"html": text, "text": text, "subject": text}
    ),
    "search.person_terms": lambda text: search.person_terms(search.FROM, text),
    "search.subject_terms": search.subject_terms,
    "search.terms_of": lambda text: search.terms_of(
        {"from": {"name": text, "email": text}, "to": [], "subject": text, "attachments": []}
    ),
}
