"""A test that takes nothing and does nothing: what pytest itself costs."""


def test_empty(number):
    pass
