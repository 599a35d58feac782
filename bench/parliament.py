"""parliament over the documents of the corpus: asks it, in an environment of its own, what it finds in each.

What it said is recorded in tests/policies/parliament.json, which a test holds the rules against. Only documents that
aren't there yet are asked of: parliament takes half a second for one. Run it as `python -m bench.parliament [--all]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from bench._report import tell
from local.emulator import envs
from local.settings import REPO, Settings
from tests.policies.parliament import RECORD, documents, recorded, unanswered

LOCK: Final = REPO / "requirements" / "parliament.lock"
_ASK: Final = """
import json, sys
import parliament
for line in sys.stdin:
    try:
        found = parliament.analyze_policy_string(json.loads(line), include_community_auditors=True).findings
        print(json.dumps(sorted({each.issue for each in found})))
    except Exception:
        print(json.dumps(["EXCEPTION"]))
"""


def ask(texts: Sequence[str]) -> list[list[str]]:
    """The issues, by their ids, that parliament and its community auditors find in each document."""
    python = envs.ensure("parliament", LOCK, Settings.from_environment().cache)
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    done = subprocess.run([python, "-W", "ignore", "-c", _ASK], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Ask, record, and tell what the rules make of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="ask of every document anew")
    parser.add_argument("--quick", action="store_true", help="ask of none")
    options = parser.parse_args()
    known, corpus = ({} if options.all else recorded()), documents()
    new = [] if options.quick else [each for each in corpus if each.digest not in known]
    began = time.perf_counter()
    answers = dict(zip((each.digest for each in new), map(tuple, ask([each.text for each in new])), strict=True))
    seconds = time.perf_counter() - began
    said = {each.digest: answers.get(each.digest, known.get(each.digest)) for each in corpus}
    said = {digest: issues for digest, issues in sorted(said.items()) if issues is not None}
    RECORD.write_text(
        "{\n" + ",\n".join(f"{json.dumps(digest)}: {json.dumps(issues)}" for digest, issues in said.items()) + "\n}\n"
    )
    left = [(document, issue) for document in corpus for issue in unanswered(document, said.get(document.digest, ()))]
    for document, issue in left:
        print(f"{issue}: {document.text}")
    figures = {
        "documents": len(said),
        "issues": sum(map(len, said.values())),
        "unanswered": len(left),
        "asked": len(new),
        "seconds": round(seconds, 1),
    }
    tell("parliament", figures, {"unanswered": ("<=", 0)})


if __name__ == "__main__":
    main()
