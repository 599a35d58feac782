"""Secrets in the passphrase format of the official engine."""

from __future__ import annotations

import json
import stat

import pytest

from local.engine.crypter import Crypter, passphrase
from local.engine.errors import EngineError
from local.engine.resource import Resource
from local.engine.state import Contents, StateFile
from local.wire import Secret

# Data of upstream's own test (pkg/secrets/passphrase/manager_test.go); the passphrase is "password".
SALT = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="


def test_a_salt_of_the_official_engine_opens_with_its_passphrase():
    crypter = Crypter(lambda: "password", SALT)
    assert crypter.decrypt(crypter.encrypt("hunter2")) == "hunter2"
    assert crypter.salt == SALT


def test_another_passphrase_is_refused():
    with pytest.raises(EngineError, match="incorrect passphrase"):
        Crypter(lambda: "wrong", SALT).encrypt("hunter2")


def test_what_one_wrote_another_reads():
    writer = Crypter(lambda: "ours")
    sealed = writer.encrypt("héllo")
    assert writer.salt.startswith("v1:")
    assert Crypter(lambda: "ours", writer.salt).decrypt(sealed) == "héllo"


def test_a_damaged_value_is_said_to_be_unreadable():
    crypter = Crypter(lambda: "password", SALT)
    with pytest.raises(EngineError, match="can't be read"):
        crypter.decrypt("v1:AAAAAAAAAAAAAAAA:AAAA")


def test_no_key_is_derived_for_a_state_without_secrets(tmp_path):
    def asked() -> str:
        raise AssertionError("the passphrase was asked for")

    file = StateFile(tmp_path / "state.json", Crypter(asked))
    file.save(Contents(resources=[Resource(urn="urn:pulumi:s::p::t::n", type="t", custom=False, outputs={"a": 1})]))
    assert file.load().resources[0].outputs == {"a": 1}
    assert "secrets_providers" not in file.read_json()["deployment"]


def test_an_unchanged_secret_keeps_its_ciphertext_and_two_resources_never_share_one(tmp_path):
    path = tmp_path / "state.json"
    entries = [
        Resource(urn=f"urn:pulumi:s::p::t::{name}", type="t", custom=False, outputs={"key": Secret("same")})
        for name in ("a", "b")
    ]
    first = StateFile(path, Crypter(lambda: "p"))
    first.save(Contents(resources=entries))
    before = ciphertexts(path)
    second = StateFile(path, Crypter(lambda: "p", first.crypter.salt))
    second.save(second.load())
    assert ciphertexts(path) == before
    assert len(set(before)) == 2


def test_a_passphrase_is_made_once_and_kept_private(tmp_path, monkeypatch):
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    made = passphrase(tmp_path / "home")
    assert passphrase(tmp_path / "home") == made
    assert stat.S_IMODE((tmp_path / "home" / "passphrase").stat().st_mode) == 0o600


def test_the_environment_comes_before_the_made_passphrase(tmp_path, monkeypatch):
    (tmp_path / "phrase").write_text("from a file\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    assert passphrase(tmp_path) == "from a file"
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert passphrase(tmp_path) == ""


def ciphertexts(path) -> list[str]:
    resources = json.loads(path.read_text())["deployment"]["resources"]
    return [entry["outputs"]["key"]["ciphertext"] for entry in resources]
