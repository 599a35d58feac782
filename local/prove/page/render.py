"""`prove.json` as HTML. Everything can be read without scripts; they draw the graph and filter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from local.prove.names import Names

_HERE = Path(__file__).parent
_REPORTS = 6
"""How many reports of one widening are shown; `prove.json` has all."""
_TITLES = {
    "proven": "needed: without it something breaks",
    "untried": "used, not taken away in this run",
    "unused": "unused",
    "unbreakable": "used, but nobody misses it",
    "evaluator": "proven offline",
    "documented": "only AWS needs it",
}
_FINDINGS = {
    "unused": "Granted, and never used",
    "unbreakable": "Taken away, and nobody noticed",
    "outside_allowed": "Outside the grants, and not refused",
    "unexplained": "Allowed, and no grant of the ledger says so",
}

Report = Mapping[str, Any]


def page(report: Report) -> str:
    """The page of a report, as `prove.json` holds it."""
    names = Names(right["principal"] for right in report["rights"])
    rights = report["rights"]
    return Template((_HERE / "page.html").read_text()).substitute(
        css=(_HERE / "page.css").read_text(),
        js=(_HERE / "page.js").read_text(),
        data=json.dumps([_node(right, names) for right in rights]).replace("</", "<\\/"),
        verdict="" if report["holds"] else "fails",
        title="Every grant is needed, and nothing more is granted"
        if report["holds"]
        else "The proof does not hold: see what must be mended",
        made=escape(report["made"]),
        stack=escape(report["stack"]),
        seconds=f"{report['seconds']:.0f}",
        part=" A part of the rights was taken away, not all." if report["sampled"] else "",
        tiles="".join(_tile(*tile) for tile in _tiles(report)),
        findings=_findings(report),
        patterns=_options(right["pattern"] for right in rights),
        principals=_options((right["principal"] for right in rights), names.principal),
        states="".join(_toggle(state, rights) for state in _TITLES),
        removals="".join(_removal(number, right, names) for number, right in enumerate(rights) if right["removal"]),
        widenings="".join(_widening(one) for one in report["widenings"]),
        outside="".join(_outside(row, names) for row in report["outside"]),
        flows="".join(_flow(flow, names) for flow in report["flows_detail"]),
        documented="".join(_documented(entry, names) for entry in _by_page(rights)),
        exercises="".join(
            f'<tr><td><code>{escape(one["name"])}</code></td><td class="number">{one["seconds"]:.1f} s</td></tr>'
            for one in report["exercises"]
        ),
    )


def _node(right: Report, names: Names) -> dict[str, Any]:
    """A right as the script wants it."""
    return {
        **{key: right[key] for key in ("pattern", "principal", "action", "resource", "because", "state")},
        "label": _TITLES[right["state"]],
        "short": {
            "principal": names.principal(right["principal"]),
            "action": right["action"],
            "resource": names.resource(right["resource"]),
        },
    }


def _tiles(report: Report) -> list[tuple[str, str, bool]]:
    rights = report["rights"]
    taken = [right["removal"] for right in rights if right["removal"]]
    broke = sum(right["state"] == "proven" for right in rights)
    outside = report["outside_denied"], report["outside_denied"] + len(report["outside_allowed"])
    flows = report["flows"] - len(report["flows_unproven"]), report["flows"]
    seen = sum(bool(one["reports"]) for one in report["widenings"]), len(report["widenings"])
    return [
        (str(report["grants"]), f"rights of {len({right['principal'] for right in rights})} roles", False),
        (f"{broke} / {len(taken)}", "taken away, and something broke", broke < len(taken)),
        (str(len(report["unused"])), f"unused of {report['run']} that the local AWS asks for", bool(report["unused"])),
        (f"{outside[0]} / {outside[1]}", "calls outside the grants refused", outside[0] < outside[1]),
        (
            f"{len(report['offline_beyond'])}",
            f"of {report['offline_judged'] / 1e6:.0f} million roles × actions × resources allowed beyond the ledger",
            bool(report["offline_beyond"]),
        ),
        (f"{flows[0]} / {flows[1]}", "flows allowed by one statement alone", flows[0] < flows[1]),
        (f"{seen[0]} / {seen[1]}", "planted widenings reported", seen[0] < seen[1]),
        (str(len(report["documented"])), "that only AWS needs, each with its page", False),
    ]


def _tile(number: str, what: str, bad: bool) -> str:
    return f'<div class="tile{" bad" if bad else ""}"><b>{number}</b><span>{escape(what)}</span></div>'


def _findings(report: Report) -> str:
    parts = [
        (title, [f"{one['principal']}: {one['action']} on {one['resource']}" for one in report[key]])
        for key, title in _FINDINGS.items()
    ]
    parts.append(("Allowed by a document, and in no ledger", report["offline_beyond"]))
    parts.append(("In the ledger, and allowed by no document", report["offline_missing"]))
    parts.append(("Not proven offline", report["flows_complaints"]))
    parts.append(
        ("Failed although every right was there", [f"{one['exercise']}: {one['broken']}" for one in report["failures"]])
    )
    parts.append(
        ("Planted, and not reported", [one["name"] for one in report["widenings"] if not one["reports"]]),
    )
    said = "".join(
        f"<h3>{escape(title)} ({len(lines)})</h3><ul>{''.join(map(_line, lines))}</ul>"
        for title, lines in parts
        if lines
    )
    return f'<div class="findings">{said}</div>' if said else ""


def _line(text: str) -> str:
    return f"<li><code>{escape(text)}</code></li>"


def _options(values: Iterable[str], shown: Any = str) -> str:
    return "".join(
        f'<option value="{escape(value)}">{escape(shown(value))}</option>' for value in dict.fromkeys(values)
    )


def _toggle(state: str, rights: Sequence[Report]) -> str:
    number = sum(right["state"] == state for right in rights)
    if not number:
        return ""
    checked = "" if state == "documented" else " checked"
    return (
        f'<label class="{state}"><input type="checkbox" name="state" value="{state}"{checked}>'
        f'<span class="swatch"></span>{escape(_TITLES[state])} ({number})</label>'
    )


def _removal(number: int, right: Report, names: Names) -> str:
    removal = right["removal"]
    denial = removal["denial"]
    refused = (
        f"<code>{escape(denial['action'])}</code> on <code>{escape(names.resource(denial['resource']))}</code>"
        f"<small>AccessDenied: {escape(_session(denial['principal'], names))} · {escape(denial['reason'])}</small>"
        if denial
        else "nothing"
    )
    broke = (
        f"{escape(removal['broken'])}<small>{escape(removal['exercise'])} · {removal['seconds']:.1f} s</small>"
        if removal["broken"]
        else f"nothing<small>{escape('; '.join(removal['tried']))}</small>"
    )
    return (
        f'<tr data-right="{number}"><td><span class="of {right["state"]}">{escape(names.principal(right["principal"]))}'
        f"<small>{escape(right['because'])}</small></span></td>"
        f"<td><code>{escape(right['action'])}</code><small><code>{escape(names.resource(right['resource']))}</code>"
        f'</small></td><td class="number">{sum(right["uses"].values())}</td><td>{refused}</td><td>{broke}</td></tr>'
    )


def _session(principal: str, names: Names) -> str:
    role, _, session = principal.rpartition(":assumed-role/")[2].partition("/")
    return f"{names.principal(role)} as {session}"


def _widening(one: Report) -> str:
    said = one["reports"]
    reports = "".join(f"<li>{escape(report)}</li>" for report in said[:_REPORTS]) or "<li>nobody</li>"
    if len(said) > _REPORTS:
        reports += f'<li class="soft">and {len(said) - _REPORTS} more</li>'
    return (
        f"<tr><td>{escape(one['name'])}<small><code>{escape(one['what'])}</code></small></td>"
        f"<td><ul>{reports}</ul></td></tr>"
    )


def _outside(row: Report, names: Names) -> str:
    calls = ", ".join(f"{one['action']} on {names.resource(one['resource'])}" for one in row["calls"])
    return (
        f"<tr><td><code>{escape(names.principal(row['principal']))}</code></td>"
        f'<td class="number">{row["denied"]}</td><td class="number">{row["allowed"]}</td>'
        f'<td class="mono">{escape(calls)}</td></tr>'
    )


def _flow(flow: Report, names: Names) -> str:
    documents = ", ".join(dict.fromkeys(flow["documents"])) or flow.get("why", "")
    source, target = (_tail(flow[end]) for end in ("source", "target"))
    return (
        f"<tr><td>{escape(source)} → {escape(target)}</td><td><code>{escape(flow['action'])}</code></td>"
        f"<td class=mono>{escape(names.principal(flow['principal'].rpartition('/')[2]))}</td>"
        f"<td class=mono>{escape(documents)}</td></tr>"
    )


def _tail(key: str) -> str:
    type_, _, name = key.rpartition("::")
    return f"{type_.rpartition(':')[2]} {name}" if type_ else name


def _by_page(rights: Iterable[Report]) -> list[tuple[str, str, list[Report]]]:
    """Rights that only AWS needs, by the page that says so."""
    found: dict[tuple[str, str], list[Report]] = {}
    for right in rights:
        if right["state"] == "documented":
            found.setdefault((right["page"], right["why_not_run"]), []).append(right)
    return [(page, why, those) for (page, why), those in found.items()]


def _documented(entry: tuple[str, str, list[Report]], names: Names) -> str:
    address, why, rights = entry
    actions = ", ".join(dict.fromkeys(right["action"] for right in rights))
    roles = ", ".join(dict.fromkeys(names.principal(right["principal"]) for right in rights))
    return (
        f'<tr><td class="mono">{escape(actions)}</td><td class="number">{len(rights)}</td>'
        f'<td class="mono">{escape(roles)}</td><td>{escape(why)}'
        f'<small><a href="{escape(address)}">{escape(address)}</a></small></td></tr>'
    )
