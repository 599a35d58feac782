"""Projects and their configuration."""

from __future__ import annotations

import sys

import pytest

from local.engine.errors import EngineError, UnsupportedError
from local.engine.project import load_config, load_project

PROJECT = """
name: proj
runtime: python
config:
  size: {type: integer, default: 3}
  colour: {type: string}
  token: {type: string, secret: true, default: none}
  aws:region: us-east-1
"""


def load(root, project=PROJECT, stack="", decrypt=str):
    (root / "Pulumi.yaml").write_text(project)
    (root / "Pulumi.dev.yaml").write_text(stack)
    return load_config(load_project(root), "dev", decrypt)


def test_the_stacks_settings_go_over_the_projects_defaults(tmp_path):
    config = load(tmp_path, stack="config: {proj:colour: red, size: 4, aws:config:region: eu-west-1, proj:on: true}")
    assert config.values == {
        "proj:size": "4",
        "proj:colour": "red",
        "proj:token": "none",
        "proj:on": "true",
        "aws:region": "eu-west-1",
    }
    assert config.of_package("aws") == {"region": "eu-west-1"}
    assert config.secret_keys == {"proj:token"}


def test_a_list_is_handed_on_as_json_with_its_dates(tmp_path):
    config = load(tmp_path, stack="config: {proj:colour: red, aws:ends: [{at: 2027-03-31}]}")
    assert config.values["aws:ends"] == '[{"at":"2027-03-31"}]'


def test_encrypted_values_are_decrypted_and_known_to_be_secret(tmp_path):
    config = load(
        tmp_path,
        stack="config: {colour: {secure: v1:x}, proj:db: {user: me, password: {secure: v1:y}}}",
        decrypt=lambda value: f"plain {value}",
    )
    assert config.values["proj:colour"] == "plain v1:x"
    assert config.values["proj:db"] == '{"user":"me","password":"plain v1:y"}'
    assert config.secret_keys == {"proj:colour", "proj:db", "proj:token"}


def test_a_missing_value_is_named(tmp_path):
    with pytest.raises(EngineError, match=r"Pulumi\.dev\.yaml lacks proj:colour"):
        load(tmp_path)


def test_a_folder_without_a_project_says_what_to_do(tmp_path):
    with pytest.raises(EngineError, match="give the project's folder with --cwd"):
        load_project(tmp_path)


def test_another_runtime_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="other than python"):
        load(tmp_path, project="name: p\nruntime: nodejs\n")


def test_the_interpreter_is_the_projects_environment_or_this_one(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    assert load_project(tmp_path).interpreter == sys.executable
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: {name: python, options: {virtualenv: venv}}\n")
    with pytest.raises(EngineError, match="make that environment"):
        load_project(tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert load_project(tmp_path).interpreter == str(python)
