"""What people write to track time."""

import pytest

from clockwire.model.errors import FieldInvalid
from clockwire.model.spoken_commands import Spoken, read_spoken


@pytest.mark.parametrize(
    ("text", "task", "project"),
    [
        ("/track [someTask] in [someProject]", "someTask", "someProject"),  # as TrackingTime documents it
        ("/track Write report in Website", "Write report", "Website"),
        ("/TRACK  Write \t report  IN  Website ", "Write report", "Website"),
        ("/track Check in baggage in Airport", "Check in baggage", "Airport"),
        ('/track "Check in baggage"', "Check in baggage", ""),
        ('/track "Log in" in "Work in progress"', "Log in", "Work in progress"),
        ("/track Fix in [Work in progress]", "Fix", "Work in progress"),
        ("/track “Login” in “Shop”", "Login", "Shop"),
        ("/track Standup", "Standup", ""),
        ("/track in Website", "", "Website"),
        ("/track Übergröße in İstanbul", "Übergröße", "İstanbul"),
        ("/track [a] and [b] in c", "[a] and [b]", "c"),
    ],
)
def test_the_task_comes_before_the_last_in_and_the_project_after_it(text, task, project):
    assert read_spoken(text) == Spoken(verb="track", task=task, project=project)


@pytest.mark.parametrize("verb", ["stop", "status"])
def test_stop_and_status_need_no_more(verb):
    assert read_spoken(f"/{verb}") == Spoken(verb=verb)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no command"),
        ("track x", "is no command"),
        ("/fly", "/track [task] in [project]"),
        ("/track", "what to track"),
        ("/track   ", "what to track"),
        ("/track " + " in " * 400, "at most 1,000"),
    ],
)
def test_anything_else_is_refused_in_words(text, told):
    with pytest.raises(FieldInvalid) as refused:
        read_spoken(text)
    assert told in str(refused.value)
