"""What commands print, and how they fail."""

import sqlite3

import pytest

from clockwire import __version__
from clockwire.model.api_key import SCOPES
from clockwire.model.identifiers import is_id


@pytest.fixture
def url(tmp_path):
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'clockwire.db'}"


@pytest.fixture
def workspace_id(run, url):
    """A workspace in it."""
    return run("workspace", "create", "Acme", "--database", url).line


def test_it_says_which_version_it_is(run):
    assert run("--version").line == f"clockwire {__version__}"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["serve"],
        ["dispatch"],
        ["migrate"],
        ["workspace"],
        ["workspace", "create"],
        ["workspace", "list"],
        ["key"],
        ["key", "create"],
        ["key", "list"],
        ["key", "revoke"],
        ["events"],
        ["events", "tail"],
        ["timer"],
        ["timer", "start"],
        ["timer", "stop"],
        ["timer", "discard"],
        ["timer", "status"],
        ["subscription"],
        ["subscription", "add"],
        ["subscription", "list"],
        ["subscription", "test"],
        ["subscription", "delete"],
        ["subscription", "pause"],
        ["subscription", "resume"],
        ["smoke-test"],
        ["listen"],
        ["sample"],
        ["sign"],
        ["verify"],
    ],
)
def test_every_command_explains_itself(run, command):
    told = run(*command, "--help")
    assert told.code == 0
    assert "Usage: clockwire" in told.out
    assert len(told.out) > 200


def test_a_command_that_does_not_exist_is_refused(run):
    assert run("server").code == 2


def test_a_new_workspace_is_its_id_alone_in_a_new_database(run, url):
    assert is_id(run("workspace", "create", "Acme", "--database", url).line)


def test_the_database_may_be_named_by_the_environment(run, url, workspace_id):
    assert workspace_id in run("workspace", "list", CLOCKWIRE_DATABASE=url).out


def test_workspaces_are_listed(run, url, workspace_id):
    head, line = run("workspace", "list", "--database", url).out.splitlines()
    assert head.split() == ["ID", "NAME", "CREATED", "STATE"]
    assert line.split()[:2] == [workspace_id, "Acme"]
    assert line.split()[-1] == "active"


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
def test_a_name_that_is_none_is_refused_in_words(run, url, name):
    failed = run("workspace", "create", name, "--database", url)
    assert failed.code == 1
    assert failed.err.startswith("clockwire: workspace.name: ")
    assert not failed.out


def test_a_new_key_is_its_text_alone(run, url, workspace_id):
    made = run("key", "create", "--workspace", workspace_id, "--scope", "all", "--database", url)
    assert made.line.startswith("cw_live_")
    assert len(made.line) == 51


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        (["--scope", "records.read"], {"records.read"}),
        (["--scope", "records.read", "events.read"], {"records.read", "events.read"}),
        (["--scope", "records.read", "--scope", "events.read"], {"records.read", "events.read"}),
        (["--scope", "records.read,events.read"], {"records.read", "events.read"}),
        (["--scope", "records.read events.read"], {"records.read", "events.read"}),
        (["--scope", "all"], set(SCOPES)),
    ],
)
def test_scopes_are_given_in_whatever_way_is_at_hand(run, url, workspace_id, given, scopes):
    key = run("key", "create", "--workspace", workspace_id, *given, "--name", "k", "--database", url).line
    [line] = run("key", "list", "--workspace", workspace_id, "--database", url).out.splitlines()[1:]
    assert line.split()[1:3] == [key[:12], "k"]
    assert set(line.split()[3:-2]) == ({"all"} if scopes == set(SCOPES) else scopes)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--scope", "records.delete"], "'records.delete' is no scope"),
        (["--scope", "records.read"], "--workspace is needed"),
        (["--scope", "operator", "records.read"], "stands alone"),
        ([], "Missing option '--scope'"),
        (["--scope", "all", "--workspace", "nowhere"], "there is no workspace 'nowhere'"),
        (["--scope", "all", "--expires-in", "0"], "--expires-in"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_words(run, url, workspace_id, given, told):
    failed = run("key", "create", *given, "--database", url)
    assert failed.code in {1, 2}
    assert told in failed.err
    assert not failed.out


def test_an_operator_s_key_belongs_to_no_workspace(run, url, workspace_id):
    key = run("key", "create", "--scope", "operator", "--database", url).line
    assert key[:12] in run("key", "list", "--database", url).out
    assert key[:12] not in run("key", "list", "--workspace", workspace_id, "--database", url).out
    refused = run("key", "create", "--scope", "operator", "--workspace", workspace_id, "--database", url)
    assert refused.code == 2


def test_a_revoked_key_is_listed_only_if_asked_for(run, url, workspace_id):
    run("key", "create", "--workspace", workspace_id, "--scope", "all", "--database", url)
    listing = ("key", "list", "--workspace", workspace_id, "--database", url)
    key_id = run(*listing).out.splitlines()[1].split()[0]
    assert run("key", "revoke", key_id, "--database", url).line == f"revoked {key_id}"
    assert key_id not in run(*listing).out
    assert run(*listing, "--show-ended").out.splitlines()[1].endswith("revoked")
    assert "there is no API key 'x'" in run("key", "revoke", "x", "--database", url).err


def test_a_key_that_expires_says_until_when(run, url, workspace_id):
    run("key", "create", "--workspace", workspace_id, "--scope", "all", "--expires-in", "1.5", "--database", url)
    assert " until 20" in run("key", "list", "--workspace", workspace_id, "--database", url).out


def test_migrating_says_whether_there_was_anything_to_do(run, url):
    assert run("migrate", "--database", url).line == "migrated"
    assert run("migrate", "--database", url).line == "up to date"


def test_after_a_restore_cursors_are_renewed(run, url, workspace_id, tmp_path):
    before = epoch(tmp_path)
    assert run("migrate", "--restored", "--database", url).out == "up to date\ncursors renewed\n"
    assert epoch(tmp_path) != before


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ("mysql://localhost/x", "sqlite:///FILE or postgresql://"),
        ("nonsense", "--database"),
        ("sqlite://", "sqlite:///FILE"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql://127.0.0.1:1/x", "the database cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_words(run, database, told):
    failed = run("workspace", "list", "--database", database)
    assert failed.code in {1, 2}
    assert told in failed.err
    assert "Traceback" not in failed.err


def test_a_password_in_a_url_is_not_repeated(run):
    assert "hidden" not in run("workspace", "list", "--database", "mysql://me:hidden@localhost/x").err


def test_a_database_of_a_newer_program_is_left_alone(run, url, workspace_id, tmp_path):
    with sqlite3.connect(tmp_path / "clockwire.db") as connection:
        connection.execute("UPDATE clockwire_version SET version_num = '9999'")
    connection.close()
    for command in (["migrate"], ["workspace", "list"]):
        assert "newer version of Clockwire" in run(*command, "--database", url).err


def epoch(folder):
    """The epoch of the only event log."""
    with sqlite3.connect(folder / "clockwire.db") as connection:
        [(found,)] = connection.execute("SELECT epoch FROM event_log")
    connection.close()
    return found
