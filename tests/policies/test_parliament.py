"""The rules beside parliament, on every document of the corpus that it was asked of."""

from __future__ import annotations

from tests.policies.parliament import ALSO, documents, explanation, recorded, unanswered

COMPARED = [(document, recorded()[document.digest]) for document in documents() if document.digest in recorded()]


def test_what_parliament_reports_is_reported_or_explained():
    assert len(COMPARED) > 150, "run: python -m bench.parliament"
    left = [(issue, document.text) for document, issues in COMPARED for issue in unanswered(document, issues)]
    assert left == []


def test_every_explanation_and_every_further_rule_is_needed():
    for issue in ALSO:
        less = {other: rules for other, rules in ALSO.items() if other != issue}
        assert any(any(unanswered(document, issues, less)) for document, issues in COMPARED), issue
    given = {reason for document, issues in COMPARED for issue in issues if (reason := explanation(document, issue))}
    assert len(given) == 5
