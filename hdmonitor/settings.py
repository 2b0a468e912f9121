"""Where things are: broker, journal, InfluxDB, addresses of phones.

Environment over secret files over `hdmonitor.yaml`. A variable is named after
its key, `HDMONITOR_BROKER__HOST`; so is a secret file, `broker__password`, in
the folder `HDMONITOR_SECRETS_DIR` or systemd's `CREDENTIALS_DIRECTORY`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from ruamel.yaml import YAML

from hdmonitor.yaml_source import Problem, Source, Where, existing, read_yaml, sentence
from hdmonitor.yaml_values import Duration, Id

PREFIX = "HDMONITOR_"
DELIMITER = "__"
SECRETS_DIR = "HDMONITOR_SECRETS_DIR"
CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY"  # systemd's LoadCredential=
SHORTEST_SECRET = 16  # characters; shorter ones are guessed from a signature
LONGEST_SOCKET = 107  # bytes that Linux allows for the path of a Unix socket
LONGEST_KEEP_ALIVE = timedelta(seconds=65535)  # MQTT has 16 bits for it


def _keep_alive(duration: timedelta) -> timedelta:
    if not timedelta(seconds=1) <= duration <= LONGEST_KEEP_ALIVE:
        raise ValueError("must be between 1s and 18h")
    return duration


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url


def _secret_http(url: SecretStr) -> SecretStr:
    _http(url.get_secret_value())
    return url


def _long_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
    return secret


def _host(host: str) -> str:
    if not host.strip():
        raise ValueError("must be the name or address of a host, such as 127.0.0.1")
    if "/" in host or host.count(":") == 1:
        raise ValueError("must be the name or address alone; the port is a key of its own")
    return host


def _file(path: Path) -> Path:
    if not path.name:
        raise ValueError("must name a file")
    return path


def _no_switch(port: Any) -> Any:
    if isinstance(port, bool):  # YAML's true, which Python takes for 1
        raise ValueError("must be a number from 1 to 65535")  # noqa: TRY004  # what pydantic turns into a problem
    return port


Port = Annotated[int, Field(ge=1, le=65535), BeforeValidator(_no_switch)]
Secret = Annotated[SecretStr, Field(description="better in a secret file")]


class Section(BaseModel):
    """One section of the settings; environment variables are text and are converted."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tls(Section):
    """Encryption towards the broker."""

    ca: Path = Field(description="certificate of the authority that signed the broker's")
    certificate: Path | None = Field(None, description="our own certificate, for brokers that ask for one")
    key: Path | None = Field(None, description="key of our own certificate")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key belong together; give both or none")
        return self


class Broker(Section):
    """The MQTT broker that the sensors publish to."""

    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: Port = 1883
    client_id: str = Field(
        default="hdmonitor", min_length=1, description="different for every monitor at one broker"
    )
    user: str | None = None
    password: Secret | None = None
    tls: Tls | None = None
    keep_alive: Annotated[Duration, AfterValidator(_keep_alive)] = timedelta(seconds=60)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.password is not None and self.user is None:
            raise ValueError("a password needs a user; add user")
        return self


class Record(Section):
    """Where the journal is kept, and the socket by which the command line reaches the daemon."""

    journal: Annotated[Path, AfterValidator(_file)] = Path("/var/lib/hdmonitor/journal.db")
    socket: Annotated[Path, AfterValidator(_file)] = Path("/run/hdmonitor/control.sock")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.journal == self.socket:
            raise ValueError("journal and socket are the same file; give each its own name")
        return self


class Influx(Section):
    """A copy of the readings for dashboards."""

    url: Annotated[str, AfterValidator(_http)]
    token: Secret = SecretStr("")
    org: str = ""
    bucket: str = Field(min_length=1)


class Webhook(Section):
    """A program that hears of every event."""

    url: Annotated[Secret, AfterValidator(_secret_http)] = Field(description="events are sent there by POST")
    secret: Annotated[Secret, AfterValidator(_long_secret)] = Field(
        description="what events are signed with; at least 16 characters"
    )


class Notifications(Section):
    """Addresses of the destinations in the site file."""

    urls: dict[Id, Secret] = Field(default_factory=dict, description="Apprise URL by id of destination")
    heartbeat: Annotated[Secret, AfterValidator(_secret_http)] | None = Field(
        default=None, description="URL of a watcher outside, asked for once a minute while everything works"
    )
    webhooks: dict[Id, Webhook] = Field(
        default_factory=dict, description="programs that hear of every event, by a name of your own"
    )


def _public(url: str) -> str:
    parts = urlsplit(_http(url))
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.path not in {"", "/"}:
        raise ValueError("must be a scheme and a host, perhaps with a port, such as https://monitor.example")
    return url.rstrip("/")


def _address(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        raise ValueError("must be the IP address of the proxy, such as 127.0.0.1") from None


class Web(Section):
    """The web pages."""

    host: Annotated[str, AfterValidator(_host)] = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str, AfterValidator(_public)] | None = Field(
        default=None, description="where phones reach the pages; messages carry links only if it is set"
    )
    proxy: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, description="address of a reverse proxy whose word on who asks is believed"
    )


class Settings(BaseSettings):
    """Everything in `hdmonitor.yaml`, after environment and secret files."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        nested_model_default_partial_update=True,
        extra="forbid",
        frozen=True,
    )

    broker: Broker = Broker()
    record: Record = Record()
    influx: Influx | None = Field(None, description="left out: the monitor runs without")
    notifications: Notifications = Notifications()
    web: Web = Web()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment over the secret files over the YAML file, which comes as arguments."""
        secrets = NestedSecretsSettingsSource(
            file_secret_settings, secrets_prefix="", secrets_dir_missing="error"
        )
        return env_settings, secrets, init_settings


@dataclass(slots=True)
class Loaded:
    """Settings with what is wrong with them, and where each one comes from."""

    source: Source
    secrets: Path | None
    settings: Settings | None = None

    def complain(self, where: Where, text: str, *, unknown: bool = False) -> None:
        """Note a problem with a setting at the place that set it; a variable nobody reads is told once."""
        if origin := self._origin(where):
            if not (unknown and any(problem.file == origin for problem in self.source.problems)):
                self.source.problems.append(Problem(origin, 0, 0, text))
        else:
            self.source.complain(existing(self.source.data, where), text, at_key=True)

    def _origin(self, where: Where) -> str | None:
        """Return the variable or secret file that set a key, or a part of it; None for the YAML file."""
        name = DELIMITER.join(map(str, where)).upper()
        for variable in os.environ:
            if _covers(variable.upper().removeprefix(PREFIX), name) and variable.upper().startswith(PREFIX):
                return f"environment variable {variable}"
        for file in _secret_files(self.secrets):
            if _covers(file.name.upper(), name):
                return str(file)
        return None


def _covers(setter: str, name: str) -> bool:
    return setter == name or name.startswith(setter + DELIMITER)


def load_settings(path: Path) -> tuple[Settings | None, list[Problem]]:
    """Read the settings; None if there is a problem."""
    loaded = read_settings(path)
    return (None if loaded.source.problems else loaded.settings), loaded.source.problems


def read_settings(path: Path) -> Loaded:
    """Read the settings from the file at `path`, the secret files and the environment."""
    source = read_yaml(path)
    named = os.environ.get(SECRETS_DIR) or os.environ.get(CREDENTIALS_DIRECTORY)
    secrets = Path(named) if named else None
    loaded = Loaded(source, secrets)
    source.problems.extend(unread())
    if secrets is not None and secrets.is_dir() and not os.access(secrets, os.R_OK | os.X_OK):
        text = f"the folder of secret files {secrets} may not be read by this user; give it that right"
        source.problems.append(Problem("environment", 0, 0, text))
        return loaded
    if secrets is not None and not secrets.is_dir():
        text = f"the folder of secret files {secrets} does not exist; create it or unset the variable"
        source.problems.append(Problem("environment", 0, 0, text))
        return loaded
    source.problems.extend(_unread_files(secrets))
    source.problems.extend(_odd_files(secrets))
    if isinstance(source.data, dict):
        loaded.settings = _validated(loaded, path.parent)
    elif source.data is not None:
        source.complain((), "the file must be a mapping: one 'key: value' a line, indented")
    return loaded


def _validated(loaded: Loaded, folder: Path) -> Settings | None:
    try:
        settings = Settings(**{"_secrets_dir": loaded.secrets, **loaded.source.data})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            where = detail["loc"][:-1] if detail["type"] == "missing" else detail["loc"]
            unknown = detail["type"] == "extra_forbidden"
            loaded.complain(where, sentence(detail, where, Settings), unknown=unknown)
        return None
    except (SettingsError, OSError, ValueError) as error:
        loaded.source.problems.append(
            Problem("environment", 0, 0, f"{error}; write JSON, or one variable a key")
        )
        return None
    return _anchored(settings, folder, loaded)


def _anchored(settings: Settings, folder: Path, loaded: Loaded) -> Settings:
    """Count relative paths from the folder of the settings file, and look whether they can be used."""
    record = Record(journal=folder / settings.record.journal, socket=folder / settings.record.socket)
    if len(os.fsencode(record.socket)) > LONGEST_SOCKET:
        text = f"{record.socket} is longer than {LONGEST_SOCKET} bytes, which a socket cannot be; shorten it"
        loaded.complain(("record", "socket"), text)
    tls = settings.broker.tls
    if tls is not None:
        files = {key: folder / path for key in ("ca", "certificate", "key") if (path := getattr(tls, key))}
        for key, file in files.items():
            if not os.access(file, os.R_OK):
                text = f"{file} cannot be read; check the path and who may read it"
                loaded.complain(("broker", "tls", key), text)
        tls = Tls(**files)
    broker = settings.broker.model_copy(update={"tls": tls})
    return settings.model_copy(update={"record": record, "broker": broker})


def check_journal(path: Path) -> list[Problem]:
    """Look whether the journal of the settings at `path`, which are sound, can be kept where they say."""
    loaded = read_settings(path)
    if loaded.settings is not None and (wrong := _unwritable(loaded.settings.record.journal)):
        loaded.complain(("record", "journal"), wrong)
    return loaded.source.problems


def _unwritable(journal: Path) -> str:
    """Say why a journal cannot be kept there, nothing if it can."""
    folder = journal.parent
    try:
        journal.stat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # pathlib answers only some errors with False
            return f"the name of the journal, {journal!s:.60}…, is too long; give it a shorter one"
    if not folder.is_dir():
        return f"the folder of the journal, {folder}, does not exist; create it for the user of hdmonitor"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder of the journal, {folder}, may not be written by this user; give it that right"
    if journal.exists() and not (journal.is_file() and os.access(journal, os.R_OK | os.W_OK)):
        return f"the journal, {journal}, is no file that this user may read and write; give it that right"
    return ""


# --- variables and files that nobody reads ----------------------------------------


def names(model: type[BaseModel] = Settings, above: str = "") -> Iterator[str]:
    """Return every key that a variable can set, as `BROKER__TLS__CA`; one ending in `__` takes an id."""
    for name, field in model.model_fields.items():
        key = above + name.upper()
        yield key
        inner = [part for part in _parts(field.annotation) if issubclass(part, BaseModel)]
        if inner:
            yield from names(inner[0], key + DELIMITER)
        elif any(issubclass(part, dict) for part in _parts(field.annotation)):
            yield key + DELIMITER


def _parts(annotation: Any) -> list[type]:
    inside = getattr(annotation, "__args__", ())
    whole = getattr(annotation, "__origin__", annotation)
    if isinstance(whole, type) and (whole is dict or not inside):
        return [whole]
    return [part for each in inside for part in _parts(each)]


def unread() -> list[Problem]:
    """Name each `HDMONITOR_*` variable that sets nothing."""
    return [
        Problem(f"environment variable {variable}", 0, 0, f"nobody reads it; {_meant(name, PREFIX + '{}')}")
        for variable in sorted(os.environ)
        if (name := variable.upper()).startswith(PREFIX) and name != SECRETS_DIR
        if not _is_read(name := name.removeprefix(PREFIX))
    ]


def _unread_files(secrets: Path | None) -> list[Problem]:
    return [
        Problem(str(file), 0, 0, f"nobody reads this secret file; {_meant(file.name.upper(), '{}').lower()}")
        for file in _secret_files(secrets)
        if DELIMITER in file.name and not _is_read(file.name.upper())
    ]


def _odd_files(secrets: Path | None) -> list[Problem]:
    """Name each secret file that holds nothing, or more than one line: never what stands in it."""
    problems = []
    for file in _secret_files(secrets):
        if not _is_read(file.name.upper()) or not file.is_file() or not os.access(file, os.R_OK):
            continue  # what cannot be read is told by whoever reads it
        lines = file.read_bytes().strip().splitlines()
        if len(lines) != 1:
            empty = "is empty; write the secret into it, or delete the file"
            what = f"has {len(lines)} lines; a secret is one line" if lines else empty
            problems.append(Problem(str(file), 0, 0, f"this secret file {what}"))
    return problems


def _secret_files(secrets: Path | None) -> list[Path]:
    if secrets is None or not os.access(secrets, os.R_OK | os.X_OK):
        return []
    return sorted(secrets.iterdir()) if secrets.is_dir() else []


def _is_read(name: str) -> bool:
    return any(name == key or (key.endswith(DELIMITER) and name.startswith(key)) for key in names())


def _meant(name: str, spelling: str) -> str:
    close = get_close_matches(name, names(), n=1)
    return f"did you mean {spelling.format(close[0])!r}?" if close else "docs/configuration.md lists the keys"


# --- showing ----------------------------------------------------------------------


def effective(settings: Settings) -> str:
    """Return the settings in force as YAML, with secrets masked."""
    text = StringIO()
    YAML().dump(settings.model_dump(mode="json"), text)
    return text.getvalue()


def schema() -> str:
    """Return the JSON Schema of `hdmonitor.yaml`, from which editors complete it."""
    return json.dumps(Settings.model_json_schema(), indent=2) + "\n"
