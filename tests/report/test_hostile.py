"""A mail that wants to run a script, load something, or break out of its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from pytest_smtpports import Line, Outcome
from pytest_smtpports._report._captured import Captured

from .conftest import connection_of, mail_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from .conftest import Seen, World

# What a script does that runs, in the frame or in the page.
RUN = (
    "top.owned=1;parent.document.title='owned';document.title='owned';new Image().src='http://ran.example/ran';alert(1)"
)

TRICKS = {
    "script": f"<script>{RUN}</script>",
    "remote script": '<script src="http://evil.example/a.js"></script>',
    "image": '<img src="http://evil.example/a.png">',
    "image without scheme": '<img src="//evil.example/a.png">',
    "broken image": f'<img src="x" onerror="{RUN}">',
    "srcset": '<img srcset="http://evil.example/a.png 1x, http://evil.example/b.png 2x">',
    "picture": '<picture><source srcset="http://evil.example/a.png"><img></picture>',
    "background": '<body background="http://evil.example/a.png"><p>x',
    "style": '<p style="background: url(http://evil.example/a.png)">x',
    "escaped style": '<p style="background: u\\72l(http://evil.example/a.png)">x',
    "image set": "<p style=\"background: image-set('http://evil.example/a.png' 1x)\">x",
    "stylesheet": '<link rel="stylesheet" href="http://evil.example/a.css">',
    "import": '<style>@import "http://evil.example/a.css"; @import url(http://evil.example/b.css);</style>',
    "font": "<style>@font-face{font-family:f;src:url(http://evil.example/f.woff)} p{font-family:f}</style><p>x",
    "cursor": '<style>*{cursor:url("http://evil.example/a.cur"),auto; content:url(http://evil.example/a)}</style><p>x',
    "preconnect": '<link rel="preconnect" href="http://evil.example/"><link rel="dns-prefetch" href="//evil.example/">',
    "preload": '<link rel="preload" as="image" href="http://evil.example/a.png"><link rel=prefetch href="http://evil.example/">',
    "icon": '<link rel="icon" href="http://evil.example/favicon.ico"><link rel=manifest href="http://evil.example/m">',
    "refresh": '<meta http-equiv="refresh" content="0;url=http://evil.example/"><p>x',
    "refresh to script": f'<meta http-equiv="refresh" content="0;url=javascript:{RUN}"><p>x',
    "policy": '<meta http-equiv="Content-Security-Policy" content="default-src *; script-src * \'unsafe-inline\'">'
    f"<script>{RUN}</script>",
    "base": '<base href="http://evil.example/"><img src="a.png"><a href="x">x</a>',
    "frame": '<iframe src="http://evil.example/"></iframe>',
    "frame of a script": f'<iframe src="javascript:{RUN}"></iframe><iframe srcdoc="<script>{RUN}</script>"></iframe>',
    "frameset": f'<frameset onload="{RUN}"><frame src="http://evil.example/"></frameset>',
    "object": '<object data="http://evil.example/a.swf"></object><embed src="http://evil.example/a.swf">',
    "media": '<video src="http://evil.example/a.mp4" poster="http://evil.example/p.png" autoplay></video>'
    '<audio src="http://evil.example/a.mp3" autoplay></audio>',
    "source": '<video autoplay><source src="http://evil.example/a.mp4"><track src="http://evil.example/t" default>',
    "input": f'<input type="image" src="http://evil.example/a.png" autofocus onfocus="{RUN}">',
    "event": f'<body onload="{RUN}" onpageshow="{RUN}"><details open ontoggle="{RUN}"><p>x',
    "svg script": f'<svg><script>{RUN}</script></svg><svg onload="{RUN}"></svg>',
    "svg image": '<svg><image href="http://evil.example/a.png"/><use xlink:href="http://evil.example/a.svg#x"/>'
    '<filter id="f"><feImage href="http://evil.example/f.png"/></filter><rect width="9" height="9" fill="url(http://evil.example/p#p)"/></svg>',
    "svg animation": '<svg><image><animate attributeName="href" values="http://evil.example/a.png"/>'
    '<set attributeName="href" to="http://evil.example/b.png"/></image></svg>',
    "svg style": "<svg><style>@import 'http://evil.example/a.css'; rect{fill:url(http://evil.example/a#x)}</style><rect/></svg>",
    "svg as data": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='http://evil.example/a.png'/>"
    f'<script>{RUN}</script></svg>">',
    "document as data": f'<iframe src="data:text/html,<script>{RUN}</script>"></iframe>',
    "end of frame": f"</iframe></article></main></body></html><script>{RUN}</script>",
    "end of attribute": f'"><script>{RUN}</script><p title=\'"><img src=x onerror="{RUN}">\'>x',
    "end of script": f"</script></script><script>{RUN}</script><!--<script>",
    "comment": f"<!--><script>{RUN}</script>--><!-- --!><img src=x onerror={RUN}>",
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>"></noscript>',
    "mutation by mathml": "<math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    "mutation by form": f'<form><math><mtext></form><form><mglyph><style></math><img src onerror="{RUN}">',
    "mutation by svg": f'<svg></p><style><a id="</style><img src=1 onerror={RUN}>">',
    "plain text": f"<plaintext><script>{RUN}</script>",
    "template": f'<template><script>{RUN}</script><img src="http://evil.example/a.png"></template>',
    "shadow": '<div><template shadowrootmode="open"><img src="http://evil.example/a.png">'
    "<style>:host{background:url(http://evil.example/b.png)}</style></template></div>",
    "form": '<form action="http://evil.example/" target="_top"><button autofocus>x</button></form>',
    "names of ours": '<div id="list"></div><form id="opened"><input name="replaceChildren"></form>'
    "<constructor></constructor>",
    "ping": '<a ping="http://evil.example/" href="http://evil.example/">x</a>',
}


def opened(show: Callable[..., Page], html: str) -> Page:
    message = message_of(mail_of(html + "<i id=end>end</i>"))
    return show([Captured("test_it", "passed", (message,), ())], "#mail-1")


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_does_nothing(show: Callable[..., Page], browser: Browser, world: World, seen: Seen, name: str) -> None:
    page = opened(show, TRICKS[name])
    page.locator("iframe").wait_for()
    page.frames[-1].wait_for_load_state("load")

    assert world.since(browser) == []
    assert page.evaluate("[typeof owned, document.title]") == ["undefined", "Mail of this test run"]
    # The second wall may have had to hold, and says so.
    page.close()
    seen.walls.clear()


@pytest.mark.parametrize(
    "link",
    [
        '<a id="l" href="http://evil.example/" target="_top">go</a>',
        '<a id="l" href="http://evil.example/" target="_blank">go</a>',
        '<a id="l" href="http://evil.example/" target="_parent">go</a>',
        f'<a id="l" href="javascript:{RUN}">go</a>',
        '<form action="http://evil.example/"><button id="l">go</button></form>',
        '<form target="_top"><button id="l" formaction="http://evil.example/">go</button></form>',
        '<svg width="9" height="9"><a id="l" xlink:href="http://evil.example/"><rect width="9" height="9"/></a></svg>',
        '<a id="l" href="data:application/octet-stream,x" download="x.exe">go</a>',
    ],
)
def test_a_click_in_a_mail_leads_nowhere(
    show: Callable[..., Page], browser: Browser, world: World, seen: Seen, link: str
) -> None:
    page = opened(show, link)
    url = page.url

    page.frame_locator("iframe").locator("#l").click()

    assert world.since(browser) == []
    assert page.url == url
    expect(page.frame_locator("iframe").locator("#end")).to_have_text("end")
    page.close()
    seen.walls.clear()


def test_a_mail_may_say_anything_in_any_place(show: Callable[..., Page], browser: Browser, world: World) -> None:
    trick = f'"\'></script></iframe><script>{RUN}</script><img src=x onerror="{RUN}"><!--\u202e\x07'
    header = trick.replace("\u202e", "").replace("\x07", "")
    raw = (
        f"From: {header} <a@b.c>\r\nTo: {header}\r\nSubject: {header}\r\nMessage-ID: {header}\r\nX-\"': {header}\r\n"
        f"Content-Type: text/plain; name={header}\r\n\r\n{trick}\r\nhttps://a.example/{header}\r\n"
    ).encode()
    message = message_of(raw, host=trick, user=trick)
    connection = connection_of(
        1, 587, Outcome.REFUSED, trick, host=trick, block=trick, dialogue=(Line("C", 0.1, trick), Line("S", 0.2, trick))
    )
    captured = [Captured(f"test[{trick}]", "failed", (message,), (connection,))]
    page = show(captured)

    for place in ("#test-1", "#connection-1", "#mail-1/text", "#mail-1/headers", "#mail-1/source", "#mail-1/links"):
        page.evaluate("(place) => { location.hash = place }", place)
        expect(page.locator("#opened h2")).to_be_visible()
    page.get_by_role("searchbox").fill("onerror")
    expect(page.locator("#found")).to_have_text("1 mail in 1 test")

    assert world.since(browser) == []
    assert page.evaluate("[typeof owned, document.title]") == ["undefined", "Mail of this test run"]


def test_the_page_runs_no_script_but_its_own(show: Callable[..., Page], seen: Seen) -> None:
    page = opened(show, "<p>x")

    page.evaluate(
        "() => { const script = document.createElement('script'); script.append('window.owned = 1');"
        "document.body.append(script) }"
    )

    assert page.evaluate("typeof owned") == "undefined"
    page.close()
    assert seen.walls
    seen.walls.clear()


def test_the_frame_has_no_right(show: Callable[..., Page]) -> None:
    page = opened(show, "<p>x")

    assert page.locator("iframe").get_attribute("sandbox") == ""


def test_what_turns_into_something_else_each_time_it_is_read_is_not_shown(show: Callable[..., Page]) -> None:
    page = opened(show, "<pre>" + "\n" * 50 + "x</pre>")

    expect(page.locator(".panel")).to_have_text("This HTML can't be shown safely: see its source.")
