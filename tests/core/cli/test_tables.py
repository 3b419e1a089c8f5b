"""Lists stand in columns whatever is in them."""

from clockwire.cli.tables import one_line, show_table


def test_columns_stand_under_their_heads_and_each_row_on_one_line(capsys):
    show_table(("NAME", "WHAT"), [("Ada", "Paint"), ("Müller ", "first\nsecond\tthird"), ("", "")])

    assert capsys.readouterr().out == "NAME    WHAT\nAda     Paint\nMüller  first second third\n\n"


def test_letters_that_take_two_places_or_none_are_counted_so(capsys):
    show_table(("NAME", "X"), [("山田", "1"), ("e\u0301a", "2"), ("Ann", "3")])

    assert capsys.readouterr().out.splitlines() == ["NAME  X", "山田  1", "e\u0301a    2", "Ann   3"]


def test_a_long_text_is_cut_where_it_is_asked_for():
    assert one_line("a  b\nc") == "a b c"
    assert one_line("x" * 80, longest=80) == "x" * 80
    assert one_line("x" * 81, longest=80) == "x" * 79 + "…"
