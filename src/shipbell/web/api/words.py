"""The catalog and the regions, as data."""

from collections.abc import Mapping

from starlette.responses import Response

from shipbell.domain.access import Role
from shipbell.domain.catalog import GATES, REGIONS, SERVICES, Label, Service
from shipbell.domain.subscriptions import Format, Locale
from shipbell.web.api.operation import Call, answer
from shipbell.web.api.paging import listed
from shipbell.web.api.shapes import CatalogShape, EventTypeShape, Named, RegionShape, ServiceShape


async def catalog(call: Call) -> Response:
    """Everything that a subscription can choose from."""
    return answer(
        CatalogShape(
            services=[_service(one) for one in SERVICES.values()],
            gates=[*_named(GATES)],
            channels=list(call.services.channels),
            source_kinds=list(call.services.source_kinds),
            formats=[one.value for one in Format],
            locales=[one.value for one in Locale],
            roles=[one.value for one in Role],
        )
    )


async def regions(call: Call) -> Response:
    """The regions that have names, the default first, with the channels that are offered there."""
    shapes = [
        RegionShape(
            id=code,
            label=_label(label),
            channels=[one for one in call.services.channels if call.services.offered(one, code)],
        )
        for code, label in REGIONS.items()
    ]
    places = {one.id: f"{index:03d}" for index, one in enumerate(shapes)}
    return answer(listed(call.request, shapes, by=lambda one: places[one.id], shape=lambda one: one))


def _service(service: Service) -> ServiceShape:
    return ServiceShape(
        id=service.id,
        label=_label(service.label),
        revision=service.revision,
        events=[EventTypeShape(one.id, _label(one.label), one.group) for one in service.events],
        fields=[Named(one.id, _label(one.label)) for one in service.fields],
    )


def _named(labels: Mapping[str, Label]) -> list[Named]:
    return [Named(name, _label(label)) for name, label in labels.items()]


def _label(label: Label) -> dict[str, str]:
    return {one.value: label.read(one) for one in Locale}
