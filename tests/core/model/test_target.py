"""URLs that may be sent to: taken apart strictly, never guessed at."""

import contextlib
from ipaddress import IPv4Address, IPv6Address

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from clockwire.model.errors import TargetUrlRefused
from clockwire.model.target import check_target_url, mask_query_values


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com/Path", "https://example.com/Path"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("https://example.com:00443/", "https://example.com/"),
        ("https://example.com?a=b&c=/?", "https://example.com/?a=b&c=/?"),
        ("https://example.com/a/../b/./c//%2e", "https://example.com/a/../b/./c//%2e"),
        ("https://example.com./x", "https://example.com/x"),
        ("https://under_score.example.com/", "https://under_score.example.com/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://example。com/", "https://example.com/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://１.１.１.１/", "https://1.1.1.1/"),
        ("https://1.1.1.1./", "https://1.1.1.1/"),
        ("https://[2606:4700:0:0::1111]:8443/x", "https://[2606:4700::1111]:8443/x"),
        ("https://[::FFFF:1.1.1.1]/", "https://[::ffff:1.1.1.1]/"),
        ("https://localhost/", "https://localhost/"),
        ("https://1and1.example/", "https://1and1.example/"),
        ("https://0x.example/", "https://0x.example/"),
        ('https://example.com/@:[]{}|^`"<>', 'https://example.com/@:[]{}|^`"<>'),
    ],
)
def test_a_url_is_put_together_again_from_its_parts(text, url):
    assert check_target_url(text).url == url


def test_an_address_as_host_is_known_as_one():
    assert check_target_url("https://127.0.0.1/").literal == IPv4Address("127.0.0.1")
    assert check_target_url("https://[::1]/").literal == IPv6Address("::1")
    assert check_target_url("https://example.com/").literal is None


def test_http_is_for_those_who_may():
    assert check_target_url("http://example.com/", http_allowed=True).url == "http://example.com/"
    assert check_target_url("http://example.com:443/", http_allowed=True).url == "http://example.com:443/"
    with pytest.raises(TargetUrlRefused, match="https"):
        check_target_url("http://example.com/")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be a URL"),
        ("example.com", "must be a URL"),
        ("https:/example.com", "must be a URL"),
        ("https:example.com", "must be a URL"),
        ("https:///path", "must be a URL"),
        ("https://?x", "must be a URL"),
        ("//example.com", "must be a URL"),
        ("ftp://example.com/", "begin with https"),
        ("file:///etc/passwd", "must be a URL"),
        ("file://host/etc/passwd", "begin with https"),
        ("gopher://example.com/", "begin with https"),
        ("https://user@example.com/", "user name"),
        ("https://user:secret@example.com/", "user name"),
        ("https://@example.com/", "user name"),
        ("https://example.com@127.0.0.1/", "user name"),
        ("https://127.0.0.1:80@example.com/", "user name"),
        ("https://example.com/#", "fragment"),
        ("https://example.com#@127.0.0.1/", "fragment"),
        ("https://example.com\\@127.0.0.1/", "backslashes"),
        ("https://example.com/\\", "backslashes"),
        (" https://example.com/", "spaces"),
        ("https://example.com/ ", "spaces"),
        ("https://exa mple.com/", "spaces"),
        ("https://example.com/\t", "control"),
        ("https://example.com/\r\nX: y", "control"),
        ("https://example.com/\0", "control"),
        ("https://example.com/\x7f", "control"),
        ("https://example.com/ü", "percent-encoded"),
        ("https://example.com/?ü", "percent-encoded"),
        ("https://example.com:/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:65536/", "port"),
        ("https://example.com:999999/", "port"),
        ("https://example.com:+80/", "port"),
        ("https://example.com:8 0/", "spaces"),
        ("https://example.com:٨٠/", "port"),
        ("https://example.com:80:80/", "malformed"),
        ("https://:443/", "not a valid name"),
        ("https://./", "not a valid name"),
        ("https://example..com/", "not a valid name"),
        ("https://example.com../", "not a valid name"),
        ("https://.example.com/", "not a valid name"),
        ("https://-example.com/", "not a valid name"),
        ("https://example-.com/", "not a valid name"),
        ("https://exam%70le.com/", "not a valid name"),
        ("https://%31%32%37.0.0.1/", "not a valid name"),
        ("https://exa*mple.com/", "not a valid name"),
        (f"https://{'a' * 64}.com/", "not a valid name"),
        (f"https://{'a.' * 127}com/", "not a valid name"),
        ("https://ex\u200bample\u00ad.com\ufffe/", "not a valid"),
        ("https://\u202eexample.com/", "not a valid"),
        ("https://2130706433/", "four decimal"),
        ("https://127.1/", "four decimal"),
        ("https://127.0.1/", "four decimal"),
        ("https://0177.0.0.1/", "four decimal"),
        ("https://0x7f.0.0.1/", "four decimal"),
        ("https://0x7f000001/", "four decimal"),
        ("https://127.0.0.0x1/", "four decimal"),
        ("https://127.0.0.01/", "four decimal"),
        ("https://127.0.0.256/", "four decimal"),
        ("https://127.0.0.1.1/", "four decimal"),
        ("https://1.2.3.4.0x/", "four decimal"),
        ("https://①②⑦.0.0.0x1/", "four decimal"),
        ("https://[::1/", "malformed"),
        ("https://::1/", "malformed"),
        ("https://[::1]x/", "malformed"),
        ("https://[]/", "not an IPv6"),
        ("https://[127.0.0.1]/", "not an IPv6"),
        ("https://[::g]/", "not an IPv6"),
        ("https://[fe80::1%25eth0]/", "zone"),
        ("https://[fe80::1%eth0]/", "zone"),
        ("https://[v1.fe80::a]/", "not an IPv6"),
        ("https://example.com/" + "x" * 2029, "2048"),
    ],
)
def test_everything_odd_is_refused_in_words(text, said):
    with pytest.raises(TargetUrlRefused, match=said) as caught:
        check_target_url(text, http_allowed=False)
    assert "secret" not in str(caught.value)


def test_2048_characters_are_allowed():
    assert check_target_url("https://example.com/" + "x" * 2028).path == "/" + "x" * 2028


@given(some.text(some.sampled_from("htps:/@[]?#.%\\0x17aé 。１\t-_"), max_size=20).map("https://".__add__))
def test_what_passes_is_read_by_libcurl_in_the_same_way(text):
    try:
        target = check_target_url(text)
    except TargetUrlRefused:
        return
    parsed = pycurl.CurlUrl(target.url)
    assert (parsed.scheme, parsed.host.strip("[]"), int(parsed.port or 443)) == ("https", target.host, target.port)
    assert check_target_url(target.url) == target


@given(some.text())
def test_no_text_does_worse_than_being_refused(text):
    for each in (text, "https://" + text, "https://example.com" + text):
        with contextlib.suppress(TargetUrlRefused):
            assert check_target_url(each).url.isascii()


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://example.com/hook", "https://example.com/hook"),
        ("https://example.com/hook?token=abc&x=1", "https://example.com/hook?token=***&x=***"),
        ("https://example.com/?a=b=c", "https://example.com/?a=***"),
        ("https://example.com/?sesame", "https://example.com/?***"),
        ("https://example.com/?a=", "https://example.com/?a=***"),
        ("https://example.com/?a=1?b=2", "https://example.com/?a=***"),
        ("https://example.com/?", "https://example.com/?***"),
    ],
)
def test_values_in_the_query_are_masked(url, masked):
    assert mask_query_values(url) == masked
