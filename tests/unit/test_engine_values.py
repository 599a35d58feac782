"""Names, paths, values and changes: the engine's pure parts."""

from __future__ import annotations

import json

import pytest

from local.engine import paths, resource
from local.engine.assets import hashed
from local.engine.changes import changes, top_level
from local.engine.crypter import Crypter
from local.engine.errors import EngineError, UnsupportedError
from local.engine.resource import Resource
from local.engine.snapshot import Snapshot
from local.engine.state import Contents, StateFile, export
from local.engine.urn import Alias, Aliases, make_urn, name_of, qualified_type, type_of
from local.wire import UNKNOWN, Archive, Asset, Reference, Secret

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
OLD = "urn:pulumi:dev::proj::my:index:Group::posters"
NEW = "urn:pulumi:dev::proj::my:index:Group::pictures"


def test_a_urn_holds_the_chain_of_types_but_not_the_stack():
    child = make_urn("dev", "proj", OLD, "aws:s3/bucket:Bucket", "posters-a::b")
    assert child == "urn:pulumi:dev::proj::my:index:Group$aws:s3/bucket:Bucket::posters-a::b"
    assert (qualified_type(child), type_of(child), name_of(child)) == (
        "my:index:Group$aws:s3/bucket:Bucket",
        "aws:s3/bucket:Bucket",
        "posters-a::b",
    )
    assert make_urn("dev", "proj", STACK, "my:index:Group", "posters") == OLD


@pytest.mark.parametrize(
    ("alias", "former"),
    [
        (Alias(name="posters"), OLD),
        (Alias(urn="urn:pulumi:x::y::z::w"), "urn:pulumi:x::y::z::w"),
        (Alias(type="my:index:Set"), "urn:pulumi:dev::proj::my:index:Set::pictures"),
        (Alias(project="other", stack="prod"), "urn:pulumi:prod::other::my:index:Group::pictures"),
        (Alias(parent=OLD), "urn:pulumi:dev::proj::my:index:Group$my:index:Group::pictures"),
    ],
)
def test_an_alias_says_what_was_different(alias, former):
    assert Aliases("dev", "proj").candidates("my:index:Group", "pictures", STACK, [alias]) == [former]


def test_a_child_inherits_its_parents_alias_with_the_parents_name_in_its_own():
    aliases = Aliases("dev", "proj", {NEW: OLD})
    assert aliases.candidates("t:i:T", "pictures-a", NEW, []) == [
        "urn:pulumi:dev::proj::my:index:Group$t:i:T::posters-a"
    ]
    assert aliases.candidates("t:i:T", "other", NEW, [Alias(name="older")]) == [
        "urn:pulumi:dev::proj::my:index:Group$t:i:T::older",
        "urn:pulumi:dev::proj::my:index:Group$t:i:T::other",
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tags", ("tags",)),
        ("tags.owner", ("tags", "owner")),
        ("rules[0].id", ("rules", 0, "id")),
        ('tags["a.b"]', ("tags", "a.b")),
        ("rules[*].id", ("rules", "*", "id")),
    ],
)
def test_property_paths_are_read_as_the_options_write_them(text, path):
    assert paths.parse(text) == path


def test_what_is_no_path_is_refused():
    with pytest.raises(ValueError, match="not a property path"):
        paths.parse("tags[")


@pytest.mark.parametrize(
    ("path", "old", "new", "result"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ("a", {"a": 1}, {"b": 3}, {"a": 1, "b": 3}),
        ("a", {}, {"a": 2, "b": 3}, {"b": 3}),
        ("t.x", {"t": {"x": 1}}, {"t": {"x": 2, "y": 3}}, {"t": {"x": 1, "y": 3}}),
        ("r[*].x", {"r": [{"x": 1}, {"x": 2}]}, {"r": [{"x": 3}, {"x": 4}]}, {"r": [{"x": 1}, {"x": 2}]}),
        ("r[1]", {"r": [1, 2]}, {"r": [3, 4]}, {"r": [3, 2]}),
        ("s.x", {"s": Secret({"x": 1})}, {"s": Secret({"x": 2})}, {"s": Secret({"x": 1})}),
    ],
)
def test_an_ignored_path_keeps_what_was_there(path, old, new, result):
    assert paths.reset(paths.parse(path), old, new) == result


def test_changes_are_told_leaf_by_leaf_without_secrets():
    old = {"tags": {"a": "1"}, "policy": '{"Action": ["x"]}', "key": Secret("old"), "gone": True}
    new = {"tags": {"a": "2"}, "policy": '{"Action": ["x", "y"]}', "key": Secret("new"), "arn": UNKNOWN}
    told = [(change.path, change.old, change.new) for change in changes(old, new)]
    assert told == [
        ("arn", None, "known after the update"),
        ("gone", "true", None),
        ("key", "[secret]", "[secret]"),
        ("policy.Action[1]", None, '"y"'),
        ("tags.a", '"1"', '"2"'),
    ]
    assert top_level(["tags.a", "tags.b", "rules[0].x"]) == ["tags", "rules"]


def test_an_asset_is_hashed_by_its_bytes_and_a_folder_by_its_members(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "file").write_text("x")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "file").write_text("x")
    text = hashed(Asset(text="x"), tmp_path)
    assert text.hash == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert hashed(Asset(path="one/file"), tmp_path).hash == text.hash
    one, two = (hashed(Archive(path=name), tmp_path).hash for name in ("one", "two"))
    assert one == two
    assert hashed(Archive(assets={"file": Asset(text="x")}), tmp_path).hash == one


def test_assets_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(EngineError, match="missing"):
        hashed({"code": Archive(path="missing")}, tmp_path)
    with pytest.raises(UnsupportedError, match="remote asset"):
        hashed(Asset(uri="https://example.com/x"), tmp_path)


def test_an_entry_survives_the_state_file(tmp_path):
    entry = Resource(
        urn=NEW,
        type="t:i:T",
        custom=True,
        id="i",
        inputs={
            "secret": Secret({"deep": [1, None]}),
            "asset": Asset(path="a", hash="h"),
            "archive": Archive(assets={"f": Asset(text="")}),
            "reference": Reference(OLD, "id"),
            "n": 1.5,
        },
        parent=STACK,
        provider=f"{OLD}::uuid",
        dependencies=(OLD,),
        property_dependencies={"n": (OLD,)},
        protect=True,
        delete=True,
        ignore_changes=("n",),
    )
    file = StateFile(tmp_path / "s.json", Crypter(lambda: "p"))
    file.save(Contents(resources=[entry], pending=[("creating", entry)], instance="server"))
    read = StateFile(tmp_path / "s.json", Crypter(lambda: "p", file.crypter.salt)).load()
    assert resource.to_json(read.resources[0], str) == resource.to_json(entry, str)
    assert (read.pending[0][0], read.instance) == ("creating", "server")
    assert "instance" not in export(file.read_json())


def test_the_state_refuses_a_value_that_is_not_known():
    with pytest.raises(ValueError, match="known only after the update"):
        resource.to_json(Resource(urn=NEW, type="t", custom=True, inputs={"a": UNKNOWN}), str)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 3}',
        b'{"version": 3, "deployment": {"resources": [{"x": 1}]}}',
        b'{"version": 3, "deployment": {"resources": ["x"]}}',
    ],
)
def test_a_file_that_is_no_state_is_said_to_be_none(tmp_path, content):
    (tmp_path / "s.json").write_bytes(content)
    with pytest.raises(EngineError, match="is no state"):
        StateFile(tmp_path / "s.json", Crypter(str)).load()


def test_the_state_lists_what_a_resource_needs_before_it_and_follows_renames(tmp_path):
    child = Resource(urn=f"{OLD}-child", type="t", custom=True, parent=OLD, dependencies=(OLD,), provider=f"{OLD}::1")
    group = Resource(urn=OLD, type="my:index:Group", custom=False)
    snapshot = Snapshot(Contents(resources=[group, child]), "server", StateFile(tmp_path / "s.json", Crypter(str)))
    snapshot.rename(OLD, NEW)
    snapshot.place(NEW)
    snapshot.finish(Resource(urn=NEW, type="my:index:Group", custom=False), group)
    written = json.loads((tmp_path / "s.json").read_text())["deployment"]["resources"]
    assert [entry["urn"] for entry in written] == [NEW, child.urn]
    assert (written[1]["parent"], written[1]["dependencies"], written[1]["provider"]) == (NEW, [NEW], f"{NEW}::1")
