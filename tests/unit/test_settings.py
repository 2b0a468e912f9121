"""The settings: what wins, what is masked, and the traps of the libraries below."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from hdmonitor import settings as module
from hdmonitor.cli import main
from hdmonitor.settings import effective, load_settings, names

ROOT = Path(__file__).parents[2]
FILE = """\
broker:
  host: broker.example
  port: 1884
  user: monitor
record: { journal: data/journal.db, socket: /run/x.sock }
notifications:
  urls:
    phone: json://127.0.0.1/a
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load settings and return them with their problems as lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    def load(text=FILE, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        Path("etc").mkdir(exist_ok=True)
        Path("etc/hdmonitor.yaml").write_text(text)
        settings, problems = load_settings(Path("etc/hdmonitor.yaml"))
        return SimpleNamespace(settings=settings, lines=[str(problem) for problem in problems])

    return load


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """Write secret files, and return their folder."""

    def secrets(variable="HDMONITOR_SECRETS_DIR", **files):
        folder = tmp_path / "secrets"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        monkeypatch.setenv(variable, str(folder))
        return folder

    return secrets


def test_the_example_is_loaded_without_a_problem():
    settings, problems = load_settings(ROOT / "config/hdmonitor.yaml")

    assert problems == []
    assert settings is not None
    assert settings.influx is None
    urls = [url.get_secret_value() for url in settings.notifications.urls.values()]
    assert all(url.startswith("json://127.0.0.1:") for url in urls)
    assert list(settings.notifications.urls) == ["pharmacist-phone", "technician-phone", "manager-phone"]


def test_an_empty_mapping_is_enough(load):
    settings = load("{}\n").settings

    assert (settings.broker.host, settings.broker.port, settings.broker.client_id) == (
        "127.0.0.1",
        1883,
        "hdmonitor",
    )
    assert settings.broker.keep_alive.total_seconds() == 60
    assert settings.record.journal == Path("/var/lib/hdmonitor/journal.db")
    assert settings.notifications.urls == {}


def test_relative_paths_count_from_the_folder_of_the_file(load):
    record = load().settings.record

    assert record.journal == Path("etc/data/journal.db")
    assert record.socket == Path("/run/x.sock")


# --- what wins ----------------------------------------------------------------


def test_environment_goes_before_secret_files_and_these_before_the_file(load, secrets):
    secrets(broker__host="from.secrets", broker__user="from-secrets", broker__password="hush\n")

    broker = load(HDMONITOR_BROKER__HOST="from.environment").settings.broker
    assert (broker.host, broker.user, broker.port) == ("from.environment", "from-secrets", 1884)
    assert broker.password.get_secret_value() == "hush"


def test_systemd_credentials_are_secret_files(load, secrets):
    secrets("CREDENTIALS_DIRECTORY", broker__password="hush")

    assert load().settings.broker.password.get_secret_value() == "hush"


def test_the_named_folder_goes_before_that_of_systemd(load, secrets, tmp_path):
    secrets(broker__password="ours")
    other = tmp_path / "systemd"
    other.mkdir()
    (other / "broker__password").write_text("theirs")

    loaded = load(CREDENTIALS_DIRECTORY=str(other))
    assert loaded.settings.broker.password.get_secret_value() == "ours"


def test_an_address_may_be_a_secret_file_although_its_id_has_a_dash(load, secrets):
    secrets(**{"notifications__urls__night-phone": "json://127.0.0.1/n"})

    urls = load().settings.notifications.urls
    assert {name: url.get_secret_value() for name, url in urls.items()} == {
        "phone": "json://127.0.0.1/a",
        "night-phone": "json://127.0.0.1/n",
    }


# --- the traps ----------------------------------------------------------------


class Inner(BaseModel):
    host: str = "default"
    port: int = 1


def trap(**config):
    """Return settings as one writes them without knowing the library."""

    class Trap(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="TRAP_", env_nested_delimiter="__", **config)
        broker: Inner = Inner(host="ours", port=2)

    return Trap


def test_trap_nested_secret_files_are_ignored_by_the_plain_source(tmp_path, load, secrets):
    secrets(broker__host="from.secrets")
    plain = trap(secrets_dir=str(tmp_path / "secrets"))()

    assert plain.broker.host == "ours"
    assert load().settings.broker.host == "from.secrets"


def test_trap_a_nested_variable_resets_its_siblings(monkeypatch, load):
    monkeypatch.setenv("TRAP_BROKER__PORT", "3")
    assert trap()().broker.host == "default"
    assert trap(nested_model_default_partial_update=True)().broker.host == "ours"

    broker = load(HDMONITOR_BROKER__PORT="3").settings.broker
    assert (broker.host, broker.port, broker.user) == ("broker.example", 3, "monitor")


def test_trap_a_misspelt_variable_is_accepted_by_the_library_and_refused_by_us(monkeypatch, load):
    monkeypatch.setenv("TRAP_BROKR__PORT", "3")
    assert trap(extra="forbid")().broker.port == 2

    loaded = load(HDMONITOR_BROKR__PORT="3", HDMONITOR_LOG_LEVEL="debug", hdmonitor_broker__prt="3")
    assert loaded.settings is None
    assert loaded.lines == [
        "environment variable HDMONITOR_BROKR__PORT: nobody reads it; did you mean 'HDMONITOR_BROKER__PORT'?",
        "environment variable HDMONITOR_LOG_LEVEL: nobody reads it; docs/configuration.md lists the keys",
        "environment variable hdmonitor_broker__prt: nobody reads it; did you mean 'HDMONITOR_BROKER__PORT'?",
    ]


def test_trap_a_section_in_a_variable_must_be_json(load):
    assert load(HDMONITOR_WEB='{"port": 8081}').settings.web.port == 8081

    loaded = load(HDMONITOR_WEB="port=8081")
    assert loaded.settings is None
    assert loaded.lines == [
        (
            'environment: error parsing value for field "web" from source "EnvSettingsSource"; '
            "write JSON, or one variable a key"
        )
    ]


def test_trap_yaml_words_and_times_stay_text(load):
    broker = load("broker: { host: no, client_id: 10:30 }\n").settings.broker

    assert (broker.host, broker.client_id) == ("no", "10:30")


# --- mistakes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("broker:\n  hots: x\n", "2:3: unknown key 'hots'; did you mean 'host'?"),
        ("brocker: {}\n", "1:1: unknown key 'brocker'; did you mean 'broker'?"),
        (
            "broker: { port: 1, port: 2 }\n",
            "1:20: 'port' stands here a second time, first in line 1; keep one of them",
        ),
        ("broker: { port: 0 }\n", "1:11: 'port': Input should be greater than or equal to 1"),
        ("broker: { port: 65536 }\n", "1:11: 'port': Input should be less than or equal to 65535"),
        ("broker: { host: 5 }\n", "1:11: 'host' must be text; write it in quotes"),
        ("broker: [a]\n", "1:1: 'broker' must be a mapping: one 'key: value' a line, indented"),
        ("[a]\n", "1:1: the file must be a mapping: one 'key: value' a line, indented"),
        (
            "broker: { keep_alive: 60 }\n",
            "1:11: 'keep_alive': write the duration in quotes with its unit, such as '20s'",
        ),
        ('broker: { keep_alive: "0s" }\n', "1:11: 'keep_alive': must be between 1s and 18h"),
        ("broker: { password: x }\n", "1:1: 'broker': a password needs a user; add user"),
        (
            "broker: { tls: { ca: /dev/null, key: /dev/null } }\n",
            "1:11: 'tls': certificate and key belong together; give both or none",
        ),
        (
            "broker: { tls: { ca: /nonexistent/ca.pem } }\n",
            "1:18: /nonexistent/ca.pem cannot be read; check the path and who may read it",
        ),
        ("influx: { bucket: b }\n", "1:1: 'url' is missing in 'influx'; add it"),
        ("influx: { url: localhost, bucket: b }\n", "1:11: 'url': must begin with http:// or https://"),
        (
            "notifications: { urls: { Phone: x } }\n",
            "1:26: 'Phone' is not an id; write small letters, digits, '-', '_' or '.'",
        ),
        ("broker:\n\thost: x\n", "2:1: a tab in the indentation; use spaces, two for each step"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_place(load, text, line):
    loaded = load(text)

    assert loaded.settings is None
    assert loaded.lines == [f"etc/hdmonitor.yaml:{line}"]


def test_a_socket_path_that_linux_cannot_open_is_refused(load):
    assert load(f"record: {{ socket: /{'s' * 106} }}\n").lines == []

    (line,) = load(f"record: {{ socket: /{'s' * 107} }}\n").lines
    assert line.endswith("s is longer than 107 bytes, which a socket cannot be; shorten it")


def test_a_wrong_variable_is_named_instead_of_the_file(load):
    loaded = load(HDMONITOR_BROKER__PORT="abc", HDMONITOR_BROKER__KEEP_ALIVE="30")

    assert loaded.lines == [
        (
            "environment variable HDMONITOR_BROKER__PORT: 'port': Input should be a valid integer, "
            "unable to parse string as an integer"
        ),
        (
            "environment variable HDMONITOR_BROKER__KEEP_ALIVE: 'keep_alive': '30' is not a duration; "
            "write whole d, h, m, s in this order, such as '1h30m'"
        ),
    ]


def test_a_wrong_secret_file_is_named(load, secrets):
    folder = secrets(broker__port="abc", broker__pasword="x", unrelated="x")

    loaded = load()
    assert loaded.settings is None
    assert loaded.lines == [
        f"{folder}/broker__pasword: nobody reads this secret file; did you mean 'broker__password'?",
        (
            f"{folder}/broker__port: 'port': Input should be a valid integer, "
            "unable to parse string as an integer"
        ),
    ]


def test_a_missing_folder_of_secrets_is_a_sentence(load):
    loaded = load(HDMONITOR_SECRETS_DIR="/nonexistent")

    assert loaded.settings is None
    assert loaded.lines == [
        "environment: the folder of secret files /nonexistent does not exist; create it or unset the variable"
    ]


def test_no_sentence_quotes_a_secret(load):
    text = "broker: { user: u, password: [hush-1] }\nnotifications: { urls: { phone: { a: hush-2 } } }\n"

    lines = load(text).lines
    assert len(lines) == 2
    assert "hush" not in " ".join(lines)


# --- showing --------------------------------------------------------------------


def test_the_effective_configuration_masks_every_secret(load):
    text = """\
broker: { host: h, user: u, password: hush-1, keep_alive: "90s" }
influx: { url: "http://127.0.0.1:8086", token: hush-2, bucket: b }
notifications:
  urls: { phone: "json://user:hush-3@127.0.0.1" }
  heartbeat: "https://w.example/hush-4"
  webhooks: { desk: { url: "https://w.example/hush-5", secret: hush-6-is-longer } }
"""

    assert (
        effective(load(text).settings)
        == """\
broker:
  host: h
  port: 1883
  client_id: hdmonitor
  user: u
  password: '**********'
  tls:
  keep_alive: 1m30s
record:
  journal: /var/lib/hdmonitor/journal.db
  socket: /run/hdmonitor/control.sock
influx:
  url: http://127.0.0.1:8086
  token: '**********'
  org: ''
  bucket: b
notifications:
  urls:
    phone: '**********'
  heartbeat: '**********'
  webhooks:
    desk:
      url: '**********'
      secret: '**********'
web:
  host: 127.0.0.1
  port: 8080
  public_url:
  proxy:
"""
    )


def test_a_heartbeat_goes_to_the_web_and_its_address_is_told_to_nobody(load):
    [told] = load('notifications: { heartbeat: "ftp://hush/x" }\n').lines

    assert told.endswith("must begin with http:// or https://")
    assert "hush" not in told


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("monitor.example", "must begin with http:// or https://"),
        ("https://", "must be a scheme and a host"),
        ("https://monitor.example/pages", "must be a scheme and a host"),
        ("https://monitor.example?x=1", "must be a scheme and a host"),
        ("https://lee@monitor.example", "must be a scheme and a host"),
    ],
)
def test_the_public_address_is_a_scheme_and_a_host(load, written, says):
    [told] = load(f'web: {{ public_url: "{written}" }}\n').lines

    assert says in told


def test_a_slash_at_the_end_of_the_public_address_is_left_out(load):
    assert load('web: { public_url: "https://m.example:8443/" }\n').settings.web.public_url == (
        "https://m.example:8443"
    )


def test_a_proxy_is_named_by_its_address(load):
    [told] = load("web: { proxy: localhost }\n").lines

    assert "must be the IP address of the proxy, such as 127.0.0.1" in told
    assert load("web: { proxy: 127.0.0.1 }\n").settings.web.proxy == "127.0.0.1"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # of a library of Apprise's
def test_the_check_says_when_messages_carry_no_links(tmp_path, capsys, monkeypatch):
    (tmp_path / "hdmonitor.yaml").write_text(
        "record: { journal: journal.db }\nnotifications: { urls: { pharmacist-phone: json://127.0.0.1:9/a,"
        " technician-phone: json://127.0.0.1:9/b, manager-phone: json://127.0.0.1:9/c } }\n"
    )
    arguments = ["check", f"--config={tmp_path / 'hdmonitor.yaml'}", f"--site={ROOT / 'config/site.yaml'}"]
    assert main(arguments) == 0
    assert "# messages carry no links to answer by: web.public_url is not set" in capsys.readouterr().out
    monkeypatch.setenv("HDMONITOR_WEB__PUBLIC_URL", "https://m.example")

    assert main(arguments) == 0

    assert "messages carry no links" not in capsys.readouterr().out


def test_the_secret_of_a_webhook_is_long_and_its_address_is_told_to_nobody(load):
    text = 'notifications: { webhooks: { desk: { url: "ftp://hush/x", secret: %s } } }\n'
    short, long = load(text % "fifteen-charact").lines, load(text % "sixteen-characte").lines

    assert [line.partition("must ")[2] for line in short] == [
        "begin with http:// or https://",
        "have at least 16 characters",
    ]
    assert [line.partition("must ")[2] for line in long] == ["begin with http:// or https://"]
    assert "hush" not in "".join(short)


def test_the_effective_configuration_can_be_read_back(load):
    shown = effective(load().settings)

    assert load(shown).lines == []


def test_the_schema_of_the_settings_is_fresh():
    write = "from hdmonitor.settings import schema; open('config/schema/hdmonitor.json', 'w').write(schema())"

    fresh = (ROOT / "config/schema/hdmonitor.json").read_text() == module.schema()
    assert fresh, f'write it with: python -c "{write}"'


def test_every_setting_has_its_heading():
    page = (ROOT / "docs/configuration.md").read_text()
    part = page.partition("# hdmonitor.yaml\n")[2].partition("# site.yaml\n")[0]
    headings = [line.lstrip("#").strip() for line in part.splitlines() if line.startswith("#")]

    settings = [name.replace("__", ".").lower() for name in names() if not name.endswith("__")]
    assert headings == settings


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this secret file is empty; write the secret into it, or delete the file"),
        ("\n \n", "this secret file is empty; write the secret into it, or delete the file"),
        ("opensesame\nold\n", "this secret file has 2 lines; a secret is one line"),
    ],
)
def test_a_secret_file_that_holds_no_secret_is_named_and_never_quoted(load, secrets, text, why):
    folder = secrets(broker__password=text)

    assert f"{folder / 'broker__password'}: {why}" in load().lines


def test_a_secret_of_one_line_may_end_with_it(load, secrets):
    secrets(broker__password="opensesame\n")

    assert load().lines == []


CREATE = "create it for the user of hdmonitor"
MAY_USE = "that this user may read and write; give it that right"


@pytest.fixture
def place(tmp_path):
    """Check a place for the journal, in a configuration of its own."""

    def place(journal):
        file = tmp_path / "hdmonitor.yaml"
        file.write_text(f"record: {{ journal: {journal} }}\n", encoding="utf-8")
        return [str(problem).removeprefix(f"{file}:") for problem in module.check_journal(file)]

    return place


def test_a_journal_in_a_folder_that_is_there_can_be_kept(place):
    assert place("journal.db") == []


def test_a_journal_in_a_folder_that_is_not_there_cannot(place, tmp_path):
    assert place("none/journal.db") == [
        f"1:11: the folder of the journal, {tmp_path / 'none'}, does not exist; {CREATE}"
    ]


def test_a_journal_that_is_a_folder_cannot(place, tmp_path):
    (tmp_path / "journal.db").mkdir()

    assert place("journal.db") == [f"1:11: the journal, {tmp_path / 'journal.db'}, is no file {MAY_USE}"]


def test_a_folder_that_may_not_be_written_is_named(place, tmp_path, monkeypatch):
    # Whoever runs the tests as root may write everywhere, so the answer of the system is set.
    monkeypatch.setattr(module.os, "access", lambda _, rights: not rights & module.os.W_OK)

    assert place("journal.db") == [
        f"1:11: the folder of the journal, {tmp_path}, may not be written by this user; give it that right"
    ]


def test_a_journal_whose_name_is_too_long_cannot(place):
    long = "x" * 300

    (said,) = place(long)

    assert said.startswith("1:11: the name of the journal, ")
    assert said.endswith(", is too long; give it a shorter one")


@pytest.mark.parametrize("host", ['""', '" "'])
def test_pages_at_no_host_are_refused_and_not_shown_to_the_whole_network(load, host):
    lines = load(f"web: {{ host: {host} }}\n").lines

    assert lines == [
        "etc/hdmonitor.yaml:1:8: 'host': must be the name or address of a host, such as 127.0.0.1"
    ]


def test_a_switch_is_no_port(load):
    lines = load("web: { port: true }\n").lines

    assert lines == ["etc/hdmonitor.yaml:1:8: 'port': must be a number from 1 to 65535"]


def test_journal_and_socket_are_two_files(load):
    lines = load("record: { journal: a, socket: a }\n").lines

    assert lines == [
        "etc/hdmonitor.yaml:1:1: 'record': journal and socket are the same file; give each its own name",
    ]
