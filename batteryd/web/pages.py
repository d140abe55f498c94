"""The web application: the overview, a page a battery, a page a work order, and each as JSON.

It reads and never changes anything. There is no login yet, so it listens on loopback only; the
settings refuse any other address.

    /                 the overview; /live is the part of it that is replaced every two seconds
    /battery/{id}     one battery                                      /api/battery/{id}
    /work/{id}        one work order, where permits' QR codes lead     /api/work/{id}
    /api/status       how the daemon is
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import batteryd
from batteryd.clearance.answer import NOTICE
from batteryd.domain.alarm import Priority
from batteryd.web import chart
from batteryd.web.as_json import battery_as_json, work_as_json
from batteryd.web.battery import BatteryView
from batteryd.web.heatmap import draw
from batteryd.web.overview import Overview
from batteryd.web.words import FILTERS, path
from batteryd.web.work import WorkView

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(
    *,
    overview: Callable[[], Overview],
    status: Callable[[], Mapping[str, object]],
    battery: Callable[[str], BatteryView | None],
    work: Callable[[str], WorkView | None],
) -> Starlette:
    """Build the application from what there is to show.

    Args:
        overview: called in a thread for each request, as what follows.
        status: called in the event loop; must be quick.
        battery: the page of an asset id; None where there is none.
        work: the page of a work order's id; None where there is none.
    """
    pages = _Pages(overview, status, battery, work)
    static = StaticFiles(directory=Path(__file__).with_name("static"))
    return Starlette(
        routes=[
            Route("/", pages.overview),
            Route("/live", pages.overview_live),
            Route("/battery/{name:path}", pages.battery),
            Route("/work/{name:path}/live", pages.work_live),
            Route("/work/{name:path}", pages.work),
            Route("/api/status", pages.status),
            Route("/api/battery/{name:path}", pages.battery_json),
            Route("/api/work/{name:path}", pages.work_json),
            Mount("/static", static),
        ],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_with_headers)],
    )


class _Pages:
    """The end points, each a question asked and an answer rendered."""

    def __init__(
        self,
        overview: Callable[[], Overview],
        status: Callable[[], Mapping[str, object]],
        battery: Callable[[str], BatteryView | None],
        work: Callable[[str], WorkView | None],
    ) -> None:
        self._overview = overview
        self._status = status
        self._battery = battery
        self._work = work
        self._templates = _templates()

    async def overview(self, _request: Request) -> Response:
        live = {"source": "/live", "fragment": "overview.html"}
        view = await run_in_threadpool(self._overview)
        return self._html("overview_page.html", view=view, **live)

    async def overview_live(self, _request: Request) -> Response:
        return self._html("overview.html", view=await run_in_threadpool(self._overview))

    async def battery(self, request: Request) -> Response:
        view = await run_in_threadpool(self._battery, _name(request))
        return self._html("battery.html", view=view) if view else self._none(request, "battery")

    async def work(self, request: Request) -> Response:
        view = await run_in_threadpool(self._work, _name(request))
        if view is None:
            return self._none(request, "work order")
        live = {"source": f"/work/{path(_name(request))}/live", "fragment": "work.html"}
        return self._html("work_page.html", view=view, **live)

    async def work_live(self, request: Request) -> Response:
        view = await run_in_threadpool(self._work, _name(request))
        return self._html("work.html", view=view) if view else self._none(request, "work order")

    async def status(self, _request: Request) -> Response:
        return JSONResponse(dict(self._status()))

    async def battery_json(self, request: Request) -> Response:
        view = await run_in_threadpool(self._battery, _name(request))
        return JSONResponse(battery_as_json(view)) if view else _no_json("battery", request)

    async def work_json(self, request: Request) -> Response:
        view = await run_in_threadpool(self._work, _name(request))
        return JSONResponse(work_as_json(view)) if view else _no_json("work order", request)

    def _html(self, template: str, **context: object) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(context))

    def _none(self, request: Request, what: str) -> HTMLResponse:
        page = self._html("missing.html", what=what, name=_name(request))
        page.status_code = 404
        return page


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("batteryd.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(FILTERS)
    templates.globals.update(
        draw=draw,
        plot=chart.plot,
        chart_width=chart.WIDTH,
        chart_wide=chart.WIDE,
        notice=NOTICE,
        version=batteryd.__version__,
        Priority=Priority,
    )
    return templates


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _no_json(what: str, request: Request) -> JSONResponse:
    return JSONResponse({"error": f"there is no {what} {_name(request)}"}, status_code=404)


async def _with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers.update(_HEADERS)
    return response
