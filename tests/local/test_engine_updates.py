"""Whole runs of the engine: a program in a child process, a provider in memory."""

from __future__ import annotations

import pytest

from tests.local.engine_harness import Stack, ops


@pytest.fixture
def stack(tmp_path):
    return Stack(tmp_path / "project")


def test_a_first_update_creates_and_a_second_changes_nothing(stack):
    program = """
    a = Thing("a", colour="red")
    b = Thing("b", of=a.arn)
    pulumi.export("arn", b.arn)
    """
    first = stack.up(program)
    assert first.exit_code == 0, stack.told.text
    assert first.changes == {"create": 3, "update": 0, "replace": 0, "delete": 0, "same": 0}
    assert stack.world.of("create") == ["a", "b"]
    second = stack.up(program)
    assert second.changes == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 3}
    assert second.outputs == first.outputs == {"arn": stack.entries()["b"]["outputs"]["arn"]}
    assert stack.world.calls == []


def test_a_preview_changes_nothing_and_shows_unknown_values_as_unknown(stack):
    report = stack.preview("""
    a = Thing("a")
    b = Thing("b", of=a.arn)
    pulumi.export("arn", b.arn)
    pulumi.export("fixed", "text")
    """)
    assert ops(report) == {"proj-test": "create", "a": "create", "b": "create"}
    assert report.to_json()["outputs"] == {"arn": None, "fixed": "text"}
    assert stack.world.things == {}
    assert not stack.file.exists()


def test_an_update_in_place_names_the_changed_properties_and_their_values(stack):
    stack.up('Thing("a", colour="red", tags={"owner": "me", "cost": "1"})')
    report = stack.up('Thing("a", colour="red", tags={"owner": "you", "cost": "1"})')
    (step,) = [step for step in report.steps if step.op == "update"]
    assert step.diff == ("tags",)
    assert [(change.path, change.old, change.new) for change in step.changes] == [("tags.owner", '"me"', '"you"')]
    assert stack.entries()["a"]["inputs"]["tags"]["owner"] == "you"


def test_a_replacement_makes_the_new_one_before_the_old_one_goes(stack):
    stack.up('a = Thing("a", name="one")\nThing("b", of=a.arn)')
    report = stack.up('a = Thing("a", name="two")\nThing("b", of=a.arn)')
    assert ops(report) == {"proj-test": "same", "a": "replace", "b": "update"}
    assert stack.world.calls == [("create", "a"), ("update", "b"), ("delete", "a")]
    assert set(stack.entries()) == {"a", "b"}
    assert stack.entries()["a"]["id"] == "two"


def test_the_old_one_stays_in_the_state_until_it_is_deleted(stack):
    stack.up('Thing("a", name="one")')
    stack.world.delete_errors["a"] = "AccessDenied"
    failed = stack.up('Thing("a", name="two")')
    assert failed.exit_code == 1
    assert {name: entry["id"] for name, entry in stack.entries().items()} == {"a": "two", "a!": "one"}
    stack.world.delete_errors.clear()
    again = stack.up('Thing("a", name="two")')
    assert again.exit_code == 0
    assert stack.world.calls == [("delete", "a")]
    assert list(stack.entries()) == ["a"]


def test_a_replacement_under_the_same_id_fails_and_loses_nothing(stack):
    stack.world.forces = {"size"}
    stack.up('Thing("a", name="one", size=1)')
    report = stack.up('Thing("a", name="one", size=2)')
    assert report.exit_code == 1
    assert "set delete_before_replace=True" in stack.told.text
    assert stack.world.things.keys() == {"one"}
    assert stack.world.of("delete") == []


@pytest.mark.parametrize("asked_by", ["program", "provider"])
def test_delete_before_replace_deletes_first(stack, asked_by):
    stack.world.delete_first = asked_by == "provider"
    opts = "opts=ResourceOptions(delete_before_replace=True)" if asked_by == "program" else "opts=None"
    stack.up(f'Thing("a", name="one", {opts})')
    report = stack.up(f'Thing("a", name="two", {opts})')
    assert ops(report)["a"] == "replace"
    assert stack.world.calls == [("delete", "a"), ("create", "a")]


def test_delete_before_replace_takes_dependents_with_it_that_it_would_replace(stack):
    stack.world.delete_first = True
    program = """
    a = Thing("a", name="{name}")
    b = Thing("b", name=a.arn.apply(lambda arn: "b-" + arn))
    c = Thing("c", of=a.arn)
    d = Thing("d", name=b.arn.apply(lambda arn: "d-" + arn))
    e = Thing("e", opts=ResourceOptions(depends_on=[a]))
    """
    stack.up(program.format(name="one"))
    planned = stack.preview(program.format(name="two"))
    expected = {"a": "replace", "b": "replace", "c": "update", "d": "replace", "e": "same", "proj-test": "same"}
    assert ops(planned) == expected
    report = stack.up()
    assert ops(report) == expected
    assert stack.world.of("delete") == ["d", "b", "a"]
    assert stack.world.of("create") == ["a", "b", "d"]
    assert stack.entries()["d"]["id"] == "d-arn:b-arn:two"


def test_a_protected_dependent_keeps_what_it_depends_on_from_being_deleted_first(stack):
    stack.world.delete_first = True
    program = """
    a = Thing("a", name="{name}")
    Thing("b", name=a.arn.apply(lambda arn: "b-" + arn), opts=ResourceOptions(protect=True))
    """
    stack.up(program.format(name="one"))
    report = stack.up(program.format(name="two"))
    assert report.exit_code == 1
    assert "takes deleting fake:index/thing:Thing::b first, which is protected" in stack.told.text
    assert stack.world.things.keys() == {"one", "b-arn:one"}


def test_a_crash_between_deletion_and_creation_is_made_good_by_the_next_run(stack):
    stack.world.delete_first = True
    stack.up('Thing("a", name="one")')
    stack.world.create_errors["a"] = "Throttled"
    assert stack.up('Thing("a", name="two")').exit_code == 1
    assert stack.entries()["a"]["pendingReplacement"] is True
    stack.world.create_errors.clear()
    assert ops(stack.up('Thing("a", name="two")'))["a"] == "replace"
    assert stack.world.calls == [("create", "a")]
    assert "pendingReplacement" not in stack.entries()["a"]


def test_what_the_program_no_longer_has_is_deleted_in_reverse_order(stack):
    stack.up("""
    a = Thing("a")
    b = Thing("b", of=a.arn)
    c = Thing("c", opts=ResourceOptions(depends_on=[b]))
    """)
    report = stack.up("pass")
    assert ops(report) == {"proj-test": "same", "a": "delete", "b": "delete", "c": "delete"}
    assert stack.world.of("delete") == ["c", "b", "a"]
    assert stack.entries() == {}


def test_independent_resources_are_made_at_the_same_time(stack):
    import threading

    together = threading.Barrier(4)
    stack.world.before = lambda method, name: together.wait(20)
    report = stack.up('[Thing(f"t{i}") for i in range(4)]')
    assert report.exit_code == 0, stack.told.text


def test_a_protected_resource_is_neither_replaced_nor_deleted(stack):
    stack.up('Thing("a", name="one", opts=ResourceOptions(protect=True))')
    replaced = stack.up('Thing("a", name="two", opts=ResourceOptions(protect=True))')
    assert replaced.exit_code == 1
    assert "it is protected" in stack.told.text
    dropped = stack.up("pass")
    assert dropped.exit_code == 1
    assert "--include-protected" in stack.told.text
    assert stack.world.things.keys() == {"one"}
    assert stack.entries()["a"]["protect"] is True


def test_what_is_retained_leaves_the_state_only(stack):
    stack.up('Thing("a", name="one", opts=ResourceOptions(retain_on_delete=True))')
    assert stack.up("pass").changes["delete"] == 1
    assert stack.world.things.keys() == {"one"}
    assert stack.entries() == {}


def test_ignored_changes_are_ignored(stack):
    opts = 'opts=ResourceOptions(ignore_changes=["tags.stamp"])'
    stack.up(f'Thing("a", tags={{"stamp": "1", "owner": "me"}}, {opts})')
    assert ops(stack.up(f'Thing("a", tags={{"stamp": "2", "owner": "me"}}, {opts})'))["a"] == "same"
    assert stack.entries()["a"]["inputs"]["tags"] == {"stamp": "1", "owner": "me"}


def test_a_change_can_be_declared_to_force_a_replacement(stack):
    opts = 'opts=ResourceOptions(replace_on_changes=["colour"])'
    stack.up(f'Thing("a", colour="red", {opts})')
    assert ops(stack.up(f'Thing("a", colour="blue", {opts})'))["a"] == "replace"


def test_renaming_a_component_changes_nothing_below_it(stack):
    stack.up("""
    old = Group("posters")
    a = Thing("posters-a", name="a", opts=ResourceOptions(parent=old))
    Thing("posters-a-policy", of=a.arn, opts=ResourceOptions(parent=a))
    """)
    report = stack.up("""
    new = Group("pictures", opts=ResourceOptions(aliases=[pulumi.Alias(name="posters")]))
    a = Thing("pictures-a", name="a", opts=ResourceOptions(parent=new))
    Thing("pictures-a-policy", of=a.arn, opts=ResourceOptions(parent=a))
    """)
    assert report.changes == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 4}
    assert set(stack.entries()) == {"pictures-a", "pictures-a-policy"}
    assert stack.world.calls == []


def test_an_explicit_provider_serves_its_own_resources(stack):
    program = """
    west = Provider("west", region="us-west-2")
    a = Thing("a", opts=ResourceOptions(provider=west))
    Thing("b")
    pulumi.export("where", pulumi.runtime.invoke("fake:index:where", {"x": 1}).value["x"])
    """
    report = stack.up(program)
    assert report.exit_code == 0, stack.told.text
    assert report.outputs == {"where": 1}
    assert ops(report) == {"proj-test": "create", "west": "create", "a": "create", "b": "create"}
    west = next(e for e in stack.document()["deployment"]["resources"] if e["urn"].endswith("::west"))
    assert stack.entries()["a"]["provider"] == f"{west['urn']}::{west['id']}"
    assert "::default_1_2_3::" in stack.entries()["b"]["provider"]
    assert {"region": "us-west-2", "version": "1.2.3"} in stack.world.configs
    assert stack.up(program).changes["same"] == 4


def test_a_renamed_provider_keeps_what_it_manages(stack):
    stack.up('Thing("a", name="a", opts=ResourceOptions(provider=Provider("west", region="us-west-2")))')
    report = stack.up("""
    far = Provider("far", region="us-west-2", opts=ResourceOptions(aliases=[pulumi.Alias(name="west")]))
    Thing("a", name="a", opts=ResourceOptions(provider=far))
    """)
    assert ops(report) == {"proj-test": "same", "far": "same", "a": "same"}
    assert "::far::" in stack.entries()["a"]["provider"]
    assert stack.world.calls == []


def test_another_region_of_the_default_provider_replaces_what_it_manages(stack):
    program, settings = 'Thing("a")\nThing("b", name="b")', "config:\n  fake:region: {}\n"
    stack.write(program, settings.format("east"))
    stack.up()
    stack.write(program, settings.format("west"))
    report = stack.up()
    assert report.exit_code == 0, stack.told.text
    # The name of b is its id in either region: the old one is another one all the same.
    assert ops(report) == {"proj-test": "same", "a": "replace", "b": "replace"}
    assert sorted(stack.world.of("delete")) == sorted(stack.world.of("create")) == ["a", "b"]


def test_configuration_reaches_the_program_and_the_default_provider(stack):
    stack.write(
        'Thing("a", size=pulumi.Config().require_int("size"))',
        """
        config:
          proj:size: 7
          fake:region: here
        """,
    )
    assert stack.up().exit_code == 0, stack.told.text
    assert stack.entries()["a"]["inputs"]["size"] == 7
    assert {"region": "here", "version": "1.2.3"} in stack.world.configs


def test_a_resource_whose_id_is_known_only_after_the_update_can_be_read(stack):
    program = """
    made = Thing("made", name="there")
    found = Thing("found", opts=ResourceOptions(id=made.id))
    pulumi.export("arn", found.arn)
    """
    planned = stack.preview(program)
    assert planned.exit_code == 0, stack.told.text
    assert planned.to_json()["outputs"] == {"arn": None}
    assert stack.up().outputs == {"arn": "arn:there"}


def test_a_resource_can_be_read_without_being_owned(stack):
    stack.world.things["there"] = {"colour": "red", "arn": "arn:there"}
    program = """
    class Existing(Thing):
        pass
    found = Thing("found", opts=ResourceOptions(id="there"))
    Thing("a", of=found.arn)
    """
    report = stack.up(program)
    assert report.exit_code == 0, stack.told.text
    assert stack.entries()["found"]["external"] is True
    assert stack.entries()["a"]["inputs"]["of"] == "arn:there"
    stack.up("pass")
    assert stack.world.things.keys() == {"there"}
