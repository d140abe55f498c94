"""The web application: one page, its live fragment, and the state as JSON.

It reads and never changes anything. There is no login yet, so it listens on loopback only; the
settings refuse any other address.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import batteryd
from batteryd.domain.alarm import Priority
from batteryd.web.heatmap import draw
from batteryd.web.overview import Overview
from batteryd.web.words import FILTERS

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(
    *, overview: Callable[[], Overview], status: Callable[[], Mapping[str, object]]
) -> Starlette:
    """Build the application from two questions: what to show, and how the daemon is.

    Both are called in the event loop for each request and must be quick.
    """
    templates = Environment(
        loader=PackageLoader("batteryd.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(FILTERS)
    templates.globals.update(draw=draw, version=batteryd.__version__, Priority=Priority)

    def render(name: str) -> Callable[[Request], HTMLResponse]:
        template = templates.get_template(name)
        return lambda _request: HTMLResponse(template.render(view=overview()))

    async def page(request: Request) -> Response:
        return render("page.html")(request)

    async def live(request: Request) -> Response:
        return render("overview.html")(request)

    async def state(_request: Request) -> Response:
        return JSONResponse(dict(status()))

    static = StaticFiles(directory=Path(__file__).with_name("static"))
    return Starlette(
        routes=[
            Route("/", page),
            Route("/live", live),
            Route("/api/status", state),
            Mount("/static", static),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_with_headers)],
    )


async def _with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response
