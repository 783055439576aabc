"""Whose domain an address has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterbook.mime.domains import is_free_mail, organisation_domain, registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("lund.example", "lund.example"),
        ("mail.eu.lund.co.uk", "lund.co.uk"),
        ("Lund.CO.UK.", "lund.co.uk"),
        ("anna.github.io", "anna.github.io"),  # each name there is somebody else's
        ("post.müller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("co.uk", ""),
        ("localhost", ""),
        ("192.168.0.1", ""),
        ("[192.168.0.1]", ""),
        ("a..example", ""),
        ("", ""),
    ],
)
def test_the_domain_somebody_registered_is_found_whatever_its_suffix(host, domain):
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    "domain", ["gmail.com", "gmx.at", "yahoo.co.jp", "t-online.de", "outlook.fr", "qq.com"]
)
def test_a_providers_domain_tells_nothing_of_an_employer(domain):
    assert is_free_mail(domain)
    assert organisation_domain(f"anna@{domain}") == ""


@pytest.mark.parametrize(
    "domain", ["webasto.com", "maillard.fr", "livenation.com", "gmail.lund.se"]
)
def test_a_name_that_only_begins_or_ends_like_a_providers_is_an_organisation(domain):
    assert organisation_domain(f"anna@{domain}") == registrable_domain(domain) != ""


@given(st.text(max_size=300))
def test_any_text_has_a_domain_or_none(text):
    domain = registrable_domain(text)
    assert registrable_domain(domain) == domain
    assert domain.isascii()
