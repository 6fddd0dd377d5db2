"""The page names the other Regions of the deployment, which nobody told it of."""

from dataclasses import replace

from keywatch.page import widget
from keywatch.page.elsewhere import elsewhere, regions_elsewhere
from tests.support.world import Dashboards, aws_error, world


class Refuses:
    def list_dashboards(self, DashboardNamePrefix):
        raise aws_error("AccessDenied")


def page(cloudwatch):
    with world() as on:
        services = replace(on.services, client=lambda _service, _region: cloudwatch)
        html = widget.answer({"widgetContext": {}}, None, services)
        return html, services.counts.drain()


def test_every_other_region_with_a_dashboard_is_linked():
    # GIVEN an account with KeyWatch in three Regions
    found = Dashboards("KeyWatch-eu-west-1", "KeyWatch-us-east-1", "KeyWatch-ap-south-1")
    html, _ = page(found)
    # THEN the page of one leads to the others
    for region in ("us-east-1", "ap-south-1"):
        address = f"https://console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/KeyWatch-{region}"
        assert f'href="{address}"' in html
    assert "dashboard/KeyWatch-eu-west-1" not in html


def test_what_somebody_else_called_so_is_no_region():
    names = (
        "KeyWatch-eu-west-1",
        "KeyWatch-prod",
        'KeyWatch-"><script>',
        "KeyWatch-cn-north-1",
        "Other",
    )
    assert regions_elsewhere(Dashboards(*names), "eu-west-1") == []


def test_a_single_region_says_nothing_of_others():
    html, _ = page(Dashboards())
    assert "Other Regions" not in html


def test_the_page_is_shown_without_them_where_they_cannot_be_listed():
    html, counts = page(Refuses())
    assert "No key is known to be broken" in html
    assert counts["PageRegionsFailed"] == 1


def test_links_lead_to_the_console_of_the_partition():
    assert "console.amazonaws.cn/" in elsewhere(["cn-northwest-1"], "cn-north-1")
    # AND a console that is not public is named without one
    assert "us-iso-west-1" in elsewhere(["us-iso-west-1"], "us-iso-east-1")
    assert "href" not in elsewhere(["us-iso-west-1"], "us-iso-east-1")
