"""What a record can be found by (shared/domain/sync/records/search.py)."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.sync.records.search import (
    FROM,
    MAX_TERM_CHARS,
    MAX_TERMS,
    TO,
    leading_term,
    person_terms,
    subject_terms,
    terms_of,
)

ANN = {"name": "Ann Lee", "email": "Ann.Lee@Acme.example"}
BOB = {"name": "", "email": "bob@far.example"}
LETTER = {"from": ANN, "to": [BOB], "subject": "Re: Your Invoice №7", "attachments": [{}]}


def test_a_message_is_found_by_its_people_its_subject_and_its_files() -> None:
    terms = {*terms_of(LETTER)}
    for wanted in (
        "ann",
        "Ann Lee",
        "LEE ann",
        "ann.lee@acme.example",
        "acme.example",
        "@ACME.example",
    ):
        assert person_terms(FROM, wanted) <= terms, wanted
    assert person_terms(TO, "bob@far.example") | subject_terms("invoice your") | {"a"} <= terms
    for foreign in ("bob@far.example", "le", "cme.example", "ann.lee@acme"):
        assert not person_terms(FROM, foreign) <= terms, foreign


def test_an_inline_image_is_no_attachment() -> None:
    assert "a" not in terms_of({**LETTER, "attachments": [{"inline": True}]})


def test_the_rarest_term_leads_as_far_as_its_form_tells() -> None:
    terms = {"a", "s:invoice", "f:@acme.example", "f:ann@acme.example"}
    assert leading_term(terms) == "f:ann@acme.example"
    assert leading_term({"a", "s:invoice"}) == "s:invoice"
    assert leading_term({"f:ann", "s:invoice", "t:@acme.example"}) == "f:ann"
    assert leading_term({"s:tea", "t:@acme.example"}) == "s:tea"
    assert leading_term(()) is None


people = st.fixed_dictionaries({"name": st.text(), "email": st.text()})


@given(
    st.fixed_dictionaries(
        {
            "from": people,
            "to": st.lists(people, max_size=60),
            "subject": st.text(max_size=3_000),
            "attachments": st.lists(st.fixed_dictionaries({"inline": st.booleans()})),
        }
    )
)
def test_whatever_stands_in_a_message_its_terms_are_few_short_and_distinct(message: object) -> None:
    terms = terms_of(message)  # type: ignore[arg-type]
    assert len({*terms}) == len(terms) <= MAX_TERMS
    assert all(len(term) <= MAX_TERM_CHARS + 2 for term in terms)
    assert [*terms] == sorted(terms)
