"""Laws of contact channels: what each type takes, and the one spelling it is kept under."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.channel_types import NAMES, ChannelError, ChannelType, link, normalize, pretty_phone


@pytest.mark.parametrize(
    ("type_", "typed", "kept"),
    [
        ("phone", "8 (912) 345-67-89", "+79123456789"),
        ("phone", "+7 912 345 67 89", "+79123456789"),
        ("phone", " 9123456789 ", "+79123456789"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "8\u00a0912\u202f345-67-89", "+79123456789"),
        ("whatsapp", "8 912 345-67-89", "+79123456789"),
        ("viber", "+79123456789", "+79123456789"),
        ("email", "Anna@Example.COM", "anna@example.com"),
        ("email", "ПОЧТА@пример.рф", "почта@пример.рф"),
        ("telegram", "@Anna_I", "anna_i"),
        ("telegram", "anna_i", "anna_i"),
        ("telegram", "https://t.me/Anna_I", "anna_i"),
        ("telegram", "t.me/anna_i/", "anna_i"),
        ("telegram", "http://telegram.me/anna_i?start=1", "anna_i"),
        ("vk", "https://vk.com/id12345", "id12345"),
        ("vk", "m.vk.com/Ivan.Petrov", "ivan.petrov"),
        ("instagram", "https://www.instagram.com/anna.i/?hl=ru", "anna.i"),
        ("website", "Example.COM/Path/", "https://example.com/Path"),
        ("website", "http://пример.рф", "http://xn--e1afmkfd.xn--p1ai"),
        ("website", "https://example.com:8443/a?b=c#d", "https://example.com:8443/a?b=c"),
        ("other", "Skype:  Anna", "skype: anna"),
    ],
)
def test_a_channel_is_kept_under_one_spelling(type_, typed, kept):
    assert normalize(type_, typed, "RU") == kept
    assert normalize(type_, kept, "RU") == kept


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *(
            (type_.value, value)
            for type_ in ChannelType
            for value in ("", "   ", "x" * 301, "a\x00b", "\u202eabc", "\ud800")
        ),
        ("fax", "123"),
        ("", "123"),
        ("phone", "12345"),
        ("phone", "ivan"),
        ("phone", "+7 000 000-00-00"),
        ("phone", "8 912 345-67-89 8 912 345-67-80"),
        ("email", "anna"),
        ("email", "anna@example"),
        ("email", "a b@example.com"),
        ("email", "Anna <anna@example.com>"),
        ("email", "anna@example.com, b@example.com"),
        ("telegram", "an"),
        ("telegram", "анна"),
        ("telegram", "https://example.com/anna"),
        ("telegram", "t.me/"),
        ("telegram", "https://t.me/joinchat/AAAA"),
        ("vk", "vk.com"),
        ("vk", "https://vk.com/"),
        ("vk", "http://vk.com"),
        ("instagram", "instagram.com"),
        ("instagram", "www.instagram.com/"),
        ("website", "localhost"),
        ("website", "javascript://example.com/%0aalert(1)"),
        ("website", "javascript:alert(1)"),
        ("website", "ftp://example.com"),
        ("website", "https://user:password@example.com"),
        ("website", "https://:password@example.com"),
        ("website", "https://exa mple.com"),
        ("website", "https://example.com:port"),
        ("website", "https://[::1"),
        ("website", "https://a..b"),
        ("website", "https://"),
        ("website", 'https://exa"mple.com'),
    ],
)
def test_what_is_no_such_channel_is_refused_with_a_sentence(type_, value):
    with pytest.raises(ChannelError) as refusal:
        normalize(type_, value, "RU")
    sentence = str(refusal.value)
    assert sentence.endswith(".") and len(sentence) < 120


@given(st.sampled_from(list(ChannelType)), st.text(max_size=310))
def test_any_text_is_either_taken_or_refused(type_, value):
    try:
        kept = normalize(type_, value, "RU")
    except ChannelError:
        return
    assert normalize(type_, kept, "RU") == kept
    assert 0 < len(kept) <= 900


@pytest.mark.parametrize(
    ("type_", "kept", "address"),
    [
        ("phone", "+79123456789", "tel:+79123456789"),
        ("email", "a+b&c@example.com", "mailto:a%2Bb%26c@example.com"),
        ("telegram", "anna_i", "https://t.me/anna_i"),
        ("whatsapp", "+79123456789", "https://wa.me/79123456789"),
        ("viber", "+79123456789", "viber://chat?number=%2B79123456789"),
        ("vk", "id1", "https://vk.com/id1"),
        ("instagram", "anna.i", "https://www.instagram.com/anna.i"),
        ("website", "https://example.com", "https://example.com"),
        ("other", "skype: anna", ""),
    ],
)
def test_a_channel_opens_with_one_click(type_, kept, address):
    assert link(type_, kept) == address


def test_every_type_has_a_name():
    assert set(NAMES) == set(ChannelType)


def test_a_phone_is_shown_as_people_read_it():
    assert pretty_phone("+79123456789") == "+7 912 345-67-89"
    assert pretty_phone("") == ""
