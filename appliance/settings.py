"""One table of settings: what station.yaml, the kernel command line and flags may say.

Reading, the JSON Schema, the error texts with line numbers, the summary of `inspect` and
the table in the guide are loops over `SETTINGS`. A wrong file changes nothing: the first
error is raised as `ConfigError` with file, line and key, and the caller must stop there.
Every default is safe: with an empty file nothing is erased without a person's consent.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance import schemes
from appliance.errors import ConfigError
from appliance.i18n import N_
from appliance.model import Bus, Level, Policy

if TYPE_CHECKING:
    import yaml

DATA = Path("/run/tajdeed/data")
STATION_FILE = DATA / "station.yaml"
CMDLINE = Path("/proc/cmdline")
PREFIX = "tajdeed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The form of a value: a JSON Schema that is also what the error message says."""

    schema: Mapping[str, Any]
    expected: str


def _choice(*options: str) -> Kind:
    return Kind(schema={"enum": list(options)}, expected=" | ".join(options))


def _whole(low: int, high: int) -> Kind:
    return Kind(
        schema={"type": "integer", "minimum": low, "maximum": high},
        expected=f"{low} … {high}",
    )


TEXT = Kind(schema={"type": "string", "maxLength": 200}, expected="text")
# IEEE 802.11: 32 bytes at most. The name of its file is made of it, too.
SSID = Kind(schema={"type": "string", "maxLength": 32}, expected="text (0 … 32)")
SWITCH = Kind(schema={"type": "boolean"}, expected="true | false")
TEXTS = Kind(
    schema={"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 100},
    expected="[text, …]",
)
BUSES = Kind(
    schema={"type": "array", "items": {"enum": [bus.value for bus in Bus if bus != "unknown"]}},
    expected="[" + " | ".join(bus.value for bus in Bus if bus != "unknown") + "]",
)
# What hdparm takes as it stands: 32 bytes at most, and "NULL" would mean no password at all.
PASSWORD = Kind(
    schema={"type": "string", "pattern": "^(?!NULL$)[A-Za-z0-9._-]{1,32}$"},
    expected="A-Z a-z 0-9 . _ - (1 … 32)",
)
TAGS = Kind(
    schema={
        "type": "string",
        "pattern": r"^(generated|scan|list:[A-Za-z0-9][A-Za-z0-9._-]{0,99})$",
    },
    expected="generated | scan | list:FILE",
)
HOST = Kind(
    schema={"type": "string", "pattern": r"^([A-Za-z0-9:][A-Za-z0-9.:-]{0,252})?$"},
    expected="host name | address",
)
SOURCES = Kind(
    schema={
        "type": "array",
        "minItems": 1,
        "maxItems": 8,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": r"^(stick|usb|https?://[^\s?#@]{1,200})$"},
    },
    expected="[stick | usb | http(s)://…, …]",
)
SERVERS = Kind(
    schema={
        "type": "array",
        "maxItems": 4,
        "items": {
            "type": "object",
            "required": ["url"],
            "additionalProperties": False,
            "properties": {
                "url": {"type": "string", "pattern": "^https://[^\\s]+$"},
                "ca": {"type": "string", "maxLength": 200},
                "token": {"type": "string", "maxLength": 200},
            },
        },
    },
    expected="[{url: https://…, ca: …, token: …}]",
)


SCHEMES = Kind(
    schema={
        "type": "array",
        "maxItems": 20,
        "items": {
            "type": "object",
            "required": ["name", "passes"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
                "passes": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": schemes.MOST_PASSES,
                    "items": {"type": "string", "pattern": schemes.FORM},
                },
                "verify": {"enum": ["last", "all"]},
            },
        },
    },
    expected="[{name: …, passes: [keyed-stream | zeros | ones | byte-5a | complement, …], "
    "verify: last | all}]",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: dotted key in station.yaml, form, safe default, help; `cmdline` says
    that the kernel command line may set it as `tajdeed.NAME=`."""

    key: str
    kind: Kind
    default: Any
    help: str
    cmdline: str = ""


# fmt: off
SETTINGS: tuple[Setting, ...] = (
    Setting(key="station.organisation.ar", kind=TEXT, default="", help=N_("The organisation's name in Arabic, as it stands on certificates")),
    Setting(key="station.organisation.en", kind=TEXT, default="", help=N_("The organisation's name in English, as it stands on certificates")),
    Setting(key="station.site", kind=TEXT, default="", help=N_("Where this station works")),
    Setting(key="station.technicians", kind=TEXTS, default=(), help=N_("Names that are offered at consent")),
    Setting(key="language", kind=_choice("ar", "en"), default="ar", cmdline="lang", help=N_("First language of the screen")),
    Setting(key="mode", kind=_choice("tui", "batch", "inspect"), default="tui", cmdline="mode", help=N_("What the stick does after it has started")),
    Setting(key="policy.level", kind=_choice("clear", "purge"), default="purge", help=N_("The level that is aimed at")),
    Setting(key="policy.fallback", kind=_choice("none", "clear"), default="clear", help=N_("The level that is accepted where the aimed one cannot be reached")),
    Setting(key="policy.crypto_erase_alone", kind=SWITCH, default=False, help=N_("Whether a cryptographic erase by itself counts as Purge")),
    Setting(key="policy.verify", kind=_choice("full", "sampled"), default="full", help=N_("How much is read back")),
    Setting(key="policy.scheme", kind=TEXT, default="one-pass", help=N_("How a drive is overwritten: one-pass, zeros, dod-3, or the name of a scheme below")),
    Setting(key="policy.schemes", kind=SCHEMES, default=(), help=N_("Overwrite schemes that a donor's contract asks for")),
    Setting(key="policy.preset", kind=_choice("none", "sa-government"), default="none", help=N_("sa-government: only Purge counts, nothing less is accepted, and a drive that fails must be destroyed")),
    Setting(key="policy.on_failure", kind=_choice("stop", "continue"), default="stop", help=N_("Whether an image may still be laid down when a drive of the machine has failed")),
    Setting(key="policy.buses", kind=BUSES, default=("sata", "sas", "nvme", "mmc"), help=N_("Which kinds of drive may be erased at all")),
    Setting(key="policy.ata_password", kind=PASSWORD, default="tajdeed-erasure", help=N_("The password that a drive has while its own SECURITY ERASE runs; the same on all sticks of an organisation, for it opens a drive that was interrupted")),
    Setting(key="policy.stall_minutes", kind=_whole(1, 1440), default=30, help=N_("Minutes without progress after which an erase by the drive's firmware counts as stalled")),
    Setting(key="policy.suspend_frozen", kind=SWITCH, default=False, help=N_("Whether unattended work may let the machine sleep for seconds to free frozen drives (the screen may stay black)")),
    Setting(key="image.choose", kind=TEXT, default="auto", help=N_("The image to lay down: auto, none, or a profile's name")),
    Setting(key="image.allow", kind=TEXTS, default=(), help=N_("Images that auto may choose from; empty: all that are found")),
    Setting(key="image.sources", kind=SOURCES, default=("stick",), help=N_("Where images come from, the preferred place first: this stick, a second USB stick named TAJDEED…, the address of an images directory on a server")),
    Setting(key="image.final_fill", kind=_choice("image-extent", "zeros-everywhere"), default="image-extent", help=N_("What is filled with zeros when an image is laid down: its own extent, or the whole drive (nobody can then re-check the overwrite)")),
    Setting(key="image.read_back", kind=SWITCH, default=True, help=N_("Whether the image is read back after it was written")),
    Setting(key="batch.enabled", kind=SWITCH, default=False, help=N_("Whether a batch ticket may start a job without a person")),
    Setting(key="batch.countdown_s", kind=_whole(0, 3600), default=30, help=N_("Seconds before a batch job starts")),
    Setting(key="batch.at_end", kind=_choice("poweroff", "stay"), default="stay", help=N_("What the machine does when the job is finished")),
    Setting(key="batch.ticket", kind=TEXT, default="batch.jws", help=N_("The batch ticket's file on the stick")),
    Setting(key="lot", kind=TEXT, default="", help=N_("The donor's lot that the machines belong to")),
    Setting(key="donor", kind=TEXT, default="", help=N_("Who gave the machines")),
    Setting(key="asset_tag", kind=TAGS, default="generated", help=N_("Where asset tags come from: generated, scanned from a label at consent, or a list on the stick (lines of serial,tag)")),
    Setting(key="handover.phone", kind=TEXT, default="", help=N_("The number that families call for help; stands on the handover sheet")),
    Setting(key="handover.hours", kind=TEXT, default="", help=N_("When somebody answers that number")),
    Setting(key="handover.warranty", kind=TEXT, default="", help=N_("What the organisation warrants, in Arabic, as it stands on the handover sheet")),
    Setting(key="servers", kind=SERVERS, default=(), help=N_("Central servers that get the statements")),
    Setting(key="network.wifi.ssid", kind=SSID, default="", help=N_("Wi-Fi network to join")),
    Setting(key="network.wifi.psk_file", kind=TEXT, default="", help=N_("File on the stick that holds the Wi-Fi password")),
    Setting(key="network.proxy", kind=TEXT, default="", help=N_("HTTP proxy")),
    Setting(key="network.ntp", kind=HOST, default="", help=N_("Time server (NTP) that is asked where no central server has told the time")),
)
# fmt: on

# What a preset fixes; station.yaml may not say otherwise beside it.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "sa-government": {
        "policy.level": "purge",
        "policy.fallback": "none",
        "policy.crypto_erase_alone": False,
        "policy.verify": "full",
        "policy.on_failure": "stop",
    },
}

_BY_KEY = {setting.key: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """Values by dotted key; `origin` says where a value that is no default came from."""

    values: Mapping[str, Any]
    origin: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        return self.values[key]


def defaults() -> dict[str, Any]:
    return {setting.key: setting.default for setting in SETTINGS}


def schema() -> dict[str, Any]:
    """The JSON Schema of station.yaml, made from the table."""
    root: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}
    for setting in SETTINGS:
        place = root
        *parents, leaf = setting.key.split(".")
        for parent in parents:
            place = place["properties"].setdefault(
                parent, {"type": "object", "additionalProperties": False, "properties": {}}
            )
        place["properties"][leaf] = {**setting.kind.schema, "description": setting.help}
    return root


def read(file: Path = STATION_FILE, cmdline: Path = CMDLINE) -> Settings:
    """Defaults, then station.yaml, then the kernel command line.

    A missing file means defaults; a wrong one is a ConfigError that names file, line, key.
    """
    values, origin = defaults(), {}
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        text = b""
    except OSError as error:
        raise ConfigError(
            "config-unreadable", file=str(file), problem=error.strerror or ""
        ) from error
    for key, value in parsed(text, str(file)).items():
        values[key], origin[key] = value, str(file)
    words = command_line(cmdline)
    for setting in SETTINGS:
        if setting.cmdline and setting.cmdline in words:
            word = words[setting.cmdline]
            _check(setting, word, str(cmdline), 1, word)
            values[setting.key], origin[setting.key] = word, "kernel command line"
    _check_together(values, origin)
    return Settings(values, origin)


def _check_together(values: dict[str, Any], origin: dict[str, str]) -> None:
    """Settings that must fit each other; what a preset fixes is put in."""
    for entry in values["policy.schemes"]:
        scheme = schemes.from_settings(entry)
        if wrong := schemes.problem(scheme):
            raise ConfigError(
                "config-scheme-bad",
                file=origin["policy.schemes"],
                scheme=scheme.name,
                problem=wrong,
            )
    name = values["policy.scheme"]
    if schemes.named(name, values["policy.schemes"]) is None:
        known = [*schemes.NAMES, *(entry["name"] for entry in values["policy.schemes"])]
        raise ConfigError(
            "config-scheme-unknown",
            file=origin["policy.scheme"],
            scheme=name,
            known=", ".join(known),
        )
    preset = values["policy.preset"]
    for key, fixed in PRESETS[preset].items():
        if key in origin and values[key] != fixed:
            raise ConfigError(
                "config-preset-conflict",
                file=origin[key],
                key=key,
                preset=preset,
                fixed=str(fixed).lower(),
            )
        values[key], origin[key] = fixed, preset


def command_line(file: Path = CMDLINE) -> dict[str, str]:
    """The `tajdeed.NAME=VALUE` words of the kernel command line."""
    found = {}
    for word in file.read_text(errors="replace").split():
        name, _, value = word.partition("=")
        if name.startswith(PREFIX):
            found[name.removeprefix(PREFIX)] = value
    return found


def parsed(text: bytes, file: str) -> dict[str, Any]:
    """The settings that a station.yaml names; ConfigError with line and key for a bad one."""
    import yaml

    try:
        characters = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise ConfigError("config-not-utf8", file=file, line=line) from error
    try:
        loader = _loader()(characters)
        try:
            root = loader.get_single_node()
        except RecursionError as error:
            raise ConfigError(
                "config-not-yaml", file=file, line=loader.line + 1, problem="nested too deeply"
            ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigError(
            "config-not-yaml",
            file=file,
            line=mark.line + 1 if mark else 0,
            problem=str(getattr(error, "problem", error)),
        ) from error
    values: dict[str, Any] = {}
    if root is not None:
        _walk(root, "", file, values)
    return values


@functools.cache
def _loader() -> type[yaml.SafeLoader]:
    """A reader of YAML that takes nothing for a date: no setting is one, but a lot's name may
    look like one, also like a wrong one (2026-31-12)."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
        for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _walk(node: yaml.Node, prefix: str, file: str, values: dict[str, Any]) -> None:
    import yaml

    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(
            "config-wrong-value",
            file=file,
            line=line,
            key=prefix,
            expected="{…}",
            found=_shown(node),
        )
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = f"{prefix}.{key_node.value}".lstrip(".")
        if key in seen:
            raise ConfigError("config-twice", file=file, line=line, key=key)
        seen.add(key)
        if key in _BY_KEY:
            value = _plain(value_node)
            _check(_BY_KEY[key], value, file, line, _shown(value_node))
            values[key] = tuple(value) if isinstance(value, list) else value
        elif any(known.startswith(key + ".") for known in _BY_KEY):
            _walk(value_node, key, file, values)
        else:
            if nearest := _nearest(key):
                raise ConfigError(
                    "config-misspelt-key", file=file, line=line, key=key, nearest=nearest
                )
            raise ConfigError("config-unknown-key", file=file, line=line, key=key)


def _plain(node: yaml.Node) -> Any:
    """What a node stands for; None, which no setting takes, where it stands for nothing."""
    try:
        return _loader()("").construct_object(node, deep=True)
    except Exception:
        # Of a tag that does not fit its text (`!!int foo`) PyYAML raises whatever its own
        # conversion raises: ValueError, KeyError, AttributeError.
        return None


def _shown(node: yaml.Node) -> str:
    """What stands in the file, as far as it fits into a message."""
    if isinstance(node.value, str):
        return node.value[:60]
    return str(_plain(node) or type(node).__name__)[:60]


def _nearest(key: str) -> str:
    import difflib

    return ", ".join(difflib.get_close_matches(key, _BY_KEY, n=1, cutoff=0.5))


def _check(setting: Setting, value: object, file: str, line: int, found: str) -> None:
    import jsonschema

    value = list(value) if isinstance(value, tuple) else value
    if next(jsonschema.Draft202012Validator(setting.kind.schema).iter_errors(value), None):
        raise ConfigError(
            "config-wrong-value",
            file=file,
            line=line,
            key=setting.key,
            expected=setting.kind.expected,
            found=found[:60],
        )


def policy(settings: Settings) -> Policy:
    """The policy that the settings ask for; RuntimeError for settings that were not `read`."""
    scheme = schemes.named(settings["policy.scheme"], settings["policy.schemes"])
    if scheme is None:
        raise RuntimeError(f"no scheme {settings['policy.scheme']}")
    return Policy(
        level=Level(settings["policy.level"]),
        fallback=Level(settings["policy.fallback"]),
        crypto_erase_alone=settings["policy.crypto_erase_alone"],
        verify=settings["policy.verify"],
        scheme=scheme,
        preset=settings["policy.preset"],
        on_failure=settings["policy.on_failure"],
        buses=tuple(Bus(bus) for bus in settings["policy.buses"]),
        image_choose=settings["image.choose"],
        image_allow=tuple(settings["image.allow"]),
        final_fill=settings["image.final_fill"],
        at_end=settings["batch.at_end"],
        ata_password=settings["policy.ata_password"],
        stall_minutes=settings["policy.stall_minutes"],
        suspend_frozen=settings["policy.suspend_frozen"],
    )
