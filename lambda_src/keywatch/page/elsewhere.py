"""The other Regions of the deployment, below the incidents: links to the dashboards that are there.

Dashboards of all Regions are in one list of the account (CloudWatch API Reference, PutDashboard), so
that a page finds the others without being told of them: no stack has to name another.
"""

from typing import Any

from keywatch.alerts.escape import html
from keywatch.alerts.names import console
from keywatch.catalogue.own import DASHBOARD
from keywatch.catalogue.regions import REGIONS
from keywatch.model.identifiers import partition_of
from keywatch.page.markup import section


def regions_elsewhere(cloudwatch: Any, here: str) -> list[str]:  # noqa: ANN401 - a boto3 client
    """Return the other Regions that have a dashboard of KeyWatch; what somebody else called so names no Region."""
    found = cloudwatch.list_dashboards(DashboardNamePrefix=DASHBOARD).get("DashboardEntries", [])
    named = {str(one.get("DashboardName", "")).removeprefix(DASHBOARD) for one in found}
    return [region for region in REGIONS[partition_of(here)] if region in named - {here}]


def elsewhere(regions: list[str], here: str) -> str:
    """Return links to the dashboards of ``regions`` as HTML; nothing for none."""
    links = ", ".join(_link(region) for region in regions)
    about = f"This page shows what is broken in {html(here)}. KeyWatch is also deployed in "
    return section("Other Regions", f'<p class="soft">{about}{links}.</p>' if links else "")


def _link(region: str) -> str:
    address = console(
        partition_of(region), region, f"cloudwatch#dashboards/dashboard/{DASHBOARD}{region}"
    )
    return f'<a href="{html(address, 300)}">{html(region)}</a>' if address else html(region)
