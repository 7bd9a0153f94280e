"""station.yaml: defaults are safe; what is wrong is named by file, line and key."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from appliance import settings
from appliance.errors import ConfigError
from appliance.model import Bus, Level

CMDLINE = "quiet tajdeed.mode=tui"


def read(tmp_path: Path, text: str, cmdline: str = CMDLINE) -> settings.Settings:
    file, line = tmp_path / "station.yaml", tmp_path / "cmdline"
    file.write_text(text)
    line.write_text(cmdline)
    return settings.read(file, line)


def refusal(tmp_path: Path, text: str, cmdline: str = CMDLINE) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, cmdline)
    assert caught.value.exit_code == 2
    return caught.value


def is_settings_or_a_named_fault(text: str) -> None:
    try:
        settings.parsed(text.encode(), "station.yaml")
    except ConfigError as error:
        assert error.facts["file"] == "station.yaml"


def test_an_empty_file_is_safe(tmp_path: Path) -> None:
    found = read(tmp_path, "")
    assert found["batch.enabled"] is False
    assert settings.policy(found).level == Level.PURGE
    assert Bus.USB not in settings.policy(found).buses


def test_the_example_of_the_design_is_understood(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
station: {organisation: {ar: جمعية, en: Charity}, site: Dammam, technicians: [Ali, Sara]}
language: en
policy: {level: purge, fallback: clear, crypto_erase_alone: false, verify: full,
         on_failure: stop, buses: [sata, sas, nvme, mmc]}
image: {choose: auto, allow: [family-business, family-light], final_fill: image-extent}
batch: {enabled: true, countdown_s: 30, at_end: poweroff, ticket: batch.jws}
lot: "L-7"
asset_tag: generated
servers: [{url: "https://central.example", ca: keys/ca.pem}]
network: {wifi: {ssid: net, psk_file: psk}, proxy: "", ntp: ""}
""",
    )
    assert found["station.technicians"] == ("Ali", "Sara")
    assert found["batch.enabled"] is True
    assert settings.policy(found).at_end == "poweroff"


@pytest.mark.parametrize(
    ("text", "code", "line", "key"),
    [
        ("language: ar\npolicy:\n  levels: purge\n", "config-misspelt-key", 3, "policy.levels"),
        ("qqq: 1\n", "config-unknown-key", 1, "qqq"),
        ("language: fr\n", "config-wrong-value", 1, "language"),
        ("batch:\n  countdown_s: soon\n", "config-wrong-value", 2, "batch.countdown_s"),
        ("batch: {enabled: 1}\n", "config-wrong-value", 1, "batch.enabled"),
        ("language: ar\n\nlanguage: en\n", "config-twice", 3, "language"),
        ("policy: purge\n", "config-wrong-value", 1, "policy"),
        ("servers: [{url: 'http://plain'}]\n", "config-wrong-value", 1, "servers"),
        ("policy: {buses: [floppy]}\n", "config-wrong-value", 1, "policy.buses"),
        ("lot: ok\ndonor: !!timestamp foo\n", "config-wrong-value", 2, "donor"),
        ("lot: !!int foo\n", "config-wrong-value", 1, "lot"),
        ("language: ar\nbatch: {enabled: !!bool foo}\n", "config-wrong-value", 2, "batch.enabled"),
        ("lot: !!float foo\n", "config-wrong-value", 1, "lot"),
        ("batch: {countdown_s: 2026-12-31}\n", "config-wrong-value", 1, "batch.countdown_s"),
        ("lot: [2026-31-12]\n", "config-wrong-value", 1, "lot"),
        (f"network: {{wifi: {{ssid: {'n' * 33}}}}}", "config-wrong-value", 1, "network.wifi.ssid"),
        ("language: !!python/object/apply:os.system [id]\n", "config-wrong-value", 1, "language"),
    ],
)
def test_the_fault_is_named(tmp_path: Path, text: str, code: str, line: int, key: str) -> None:
    error = refusal(tmp_path, text)
    assert (error.code, error.facts["line"], error.facts["key"]) == (code, line, key)
    assert str(error.facts["file"]).endswith("station.yaml")


@pytest.mark.parametrize("lot", ["2026-31-12", "2026-12-31", "2026-12-31 25:00:00", "2026-1-1"])
def test_a_lot_that_looks_like_a_date_is_its_text(tmp_path: Path, lot: str) -> None:
    assert read(tmp_path, f"language: ar\nlot: {lot}\n")["lot"] == lot


def test_what_stands_in_the_file_is_what_the_message_shows(tmp_path: Path) -> None:
    assert refusal(tmp_path, "batch: {enabled: !!bool foo}").facts["found"] == "foo"
    assert refusal(tmp_path, "lot: 0501234567").facts["found"] == "0501234567"
    assert refusal(tmp_path, "lot: [a, b]").facts["found"] == "['a', 'b']"


@pytest.mark.parametrize("opened", ["[", "{a: ", "- "])
def test_absurd_nesting_is_named_by_its_line(tmp_path: Path, opened: str) -> None:
    error = refusal(tmp_path, f"language: ar\nlot:\n  {opened * 20_000}")
    assert (error.code, error.facts["line"]) == ("config-not-yaml", 3)


SPECIAL = st.sampled_from(
    ["lot: ", "donor: ", "batch: ", "{enabled: ", "!!int ", "!!bool ", "!!timestamp ", "!!set ",
     "!!omap ", "&a ", "*a ", "[", "]", "}", ", ", "2026-31-12", "1_0:9", ".nan", "~", "\n", "? ",
     "<<: ", "- "]
)  # fmt: skip


@given(st.lists(SPECIAL | st.text(max_size=3), max_size=12).map("".join))
def test_any_yaml_is_settings_or_a_named_fault(text: str) -> None:
    is_settings_or_a_named_fault(text)


def test_broken_yaml_and_other_encodings_are_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "language: [ar\n").code == "config-not-yaml"
    (tmp_path / "station.yaml").write_bytes(b"lot: ok\nlot2: \xff\xfe\n")
    with pytest.raises(ConfigError) as caught:
        settings.read(tmp_path / "station.yaml", tmp_path / "cmdline")
    assert (caught.value.code, caught.value.facts["line"]) == ("config-not-utf8", 2)


def test_windows_editors_are_understood(tmp_path: Path) -> None:
    (tmp_path / "cmdline").write_text(CMDLINE)
    (tmp_path / "station.yaml").write_bytes("﻿language: en\r\nlot: x\r\n".encode())
    assert settings.read(tmp_path / "station.yaml", tmp_path / "cmdline")["language"] == "en"


def test_the_command_line_wins_and_is_checked(tmp_path: Path) -> None:
    assert read(tmp_path, "mode: tui", "tajdeed.mode=batch")["mode"] == "batch"
    assert refusal(tmp_path, "", "tajdeed.mode=wipe").facts["key"] == "mode"


@given(st.text(max_size=300))
def test_any_text_is_settings_or_a_named_fault(text: str) -> None:
    is_settings_or_a_named_fault(text)


def test_the_schema_has_every_setting_and_the_defaults_fit() -> None:
    import jsonschema

    validator = jsonschema.Draft202012Validator(settings.schema())
    tree: dict[str, object] = {}
    for one in settings.SETTINGS:
        place = tree
        *parents, leaf = one.key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})  # type: ignore[assignment]
        place[leaf] = list(one.default) if isinstance(one.default, tuple) else one.default
    validator.validate(tree)
    assert settings.parsed(yaml.safe_dump(tree).encode(), "x").keys() == settings.defaults().keys()


CONTRACT = """
policy:
  scheme: contract-5
  schemes:
    - name: contract-5
      verify: all
      passes: [zeros, complement, byte-5a, complement, keyed-stream]
"""


def test_a_donors_contract_adds_a_scheme_without_code(tmp_path: Path) -> None:
    scheme = settings.policy(read(tmp_path, CONTRACT)).scheme
    assert (scheme.name, scheme.verify, len(scheme.passes)) == ("contract-5", "all", 5)
    for name in ("one-pass", "zeros", "dod-3"):
        assert settings.policy(read(tmp_path, f"policy: {{scheme: {name}}}")).scheme.name == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("policy: {scheme: gutmann}", "config-scheme-unknown"),
        ("policy: {schemes: [{name: zeros, passes: [ones]}]}", "config-scheme-bad"),
        ("policy: {schemes: [{name: x, passes: [complement]}]}", "config-scheme-bad"),
        ("policy: {schemes: [{name: x, passes: [keyed-stream, complement]}]}", "config-scheme-bad"),
        ("policy: {schemes: [{name: x, passes: []}]}", "config-wrong-value"),
        ("policy: {schemes: [{name: x, passes: [byte-zz]}]}", "config-wrong-value"),
        ("policy: {preset: sa-government, fallback: clear}", "config-preset-conflict"),
        ("policy: {preset: sa-government, crypto_erase_alone: true}", "config-preset-conflict"),
        ("policy: {preset: sa-government, verify: sampled}", "config-preset-conflict"),
    ],
)
def test_schemes_and_presets_that_do_not_hold_together_are_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    assert refusal(tmp_path, text).code == code


def test_the_government_preset_takes_purge_and_nothing_less(tmp_path: Path) -> None:
    found = settings.policy(read(tmp_path, "policy: {preset: sa-government, level: purge}"))
    assert (found.level, found.fallback) == (Level.PURGE, Level.NONE)
    assert not found.crypto_erase_alone and found.verify == "full" and found.on_failure == "stop"
