"""What is typed wrong at night gets a sentence, whatever it is; the same words do for every command."""

import pytest

from hdmonitor.cli import main

HUGE = "9" * 30


def typed(capsys, *words):
    try:
        status = main(words)
    except SystemExit as left:
        status = left.code
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["alarms", "show", "\udcff"],
        ["people", "password", "\udcff", "--stdin"],
        ["rules", "show", "\udcff"],
        ["mkt", "\udcff.csv"],
    ],
)
def test_a_word_that_is_not_utf_8_is_named_by_its_place(capsys, words):
    place = next(number for number, word in enumerate(words, 1) if "\udcff" in word)

    status, said = typed(capsys, *words)

    assert status == 1
    assert said.startswith(f"word {place} after hdmonitor is not UTF-8 text: ")
    assert said.endswith("type it again\n")


def test_words_in_any_language_are_text(capsys):
    status, said = typed(capsys, "rules", "show", "Kühlschrank-東京")

    assert status == 1
    assert "there is no rule 'Kühlschrank-東京'" in said


@pytest.mark.parametrize("count", ["0", "-1", "1000001", HUGE, "ten", "٣"])
@pytest.mark.parametrize("words", [["quarantine", "--limit"], ["drill", "list", "--last"]])
def test_a_list_is_as_long_as_a_number_from_one_on_says(capsys, words, count):
    status, said = typed(capsys, *words, count)

    assert status == 2
    assert "must be a number from 1 to 1000000" in said


@pytest.mark.parametrize(
    "broker", ["", ":1883", "127.0.0.1:0", "127.0.0.1:65536", f"127.0.0.1:{HUGE}", "b:٣"]
)
def test_a_broker_without_name_or_with_an_impossible_port_is_refused(capsys, broker):
    status, said = typed(capsys, "simulate", "--broker", broker, "--site", "config/site.yaml")

    assert (status, said) == (1, f"{broker!r} is not HOST[:PORT]; write for instance 127.0.0.1:1883\n")


@pytest.mark.parametrize(
    "command",
    [
        ["alarms", "ack", "A1", "--by", "lee"],
        ["alarms", "close", "A1", "--by", "lee"],
        ["alarms", "document", "A1", "--by", "lee", "--cause", "c", "--action", "a"],
        ["return", "bsc-1", "clean", "--by", "lee"],
        ["read", "fridge", "4", "degC", "--by", "lee"],
        ["override", "buffer", "--for", "30m", "--reason", "r", "--by", "lee"],
        ["quarantine"],
        ["verify"],
    ],
)
def test_every_command_that_takes_one_of_the_two_files_takes_both(capsys, command):
    """Whoever typed `alarms list` with both repeats the line with `ack`, and is not told off for it."""
    status, said = typed(capsys, *command, "--config", "/nowhere.yaml", "--site", "/nowhere-either.yaml")

    assert (status, said) == (
        1,
        "/nowhere.yaml: No such file or directory; check the path and who may read it\n",
    )
