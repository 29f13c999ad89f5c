"""A project's pipeline is changed by who may, who sees at once what it would run."""

from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World


def test_a_pipeline_is_tried_before_it_is_saved(world: World, open_browser: OpenBrowser) -> None:
    before = world.admin.get("/api/web/projects/storefront")["pipeline"]
    page = open_browser(world, "bo").open("/projects/storefront")
    command = page.get_by_label("Instructions for the agent").first
    save = page.get_by_role("button", name="Save pipeline")
    command.fill("Plan {descripton}")
    expect(page.get_by_text("{descripton} isn't a variable")).to_be_visible()
    expect(save).to_be_disabled()
    command.fill("Plan {description} on {branch}")
    page.get_by_label("Sample task description").fill("Mend it")
    expect(page.get_by_text("Plan Mend it on muster/1-1")).to_be_visible()
    save.click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    after = world.admin.get("/api/web/projects/storefront")["pipeline"]
    assert after[0]["command"] == "Plan {description} on {branch}"
    assert after[1:] == before[1:]
    world.admin.put("/api/web/projects/storefront", {"pipeline": before})


def test_what_is_wrong_is_said_in_the_language_of_the_page(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "bo", locale="zh-CN").open("/projects/storefront")
    page.get_by_label("给智能体的指示").first.fill("Plan {descripton}")
    expect(page.get_by_text("{descripton} 不是变量")).to_be_visible()


def test_members_see_the_pipeline_and_change_nothing(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "bo").open("/projects/billing")
    expect(page.get_by_label("Instructions for the agent").first).to_be_disabled()
    expect(page.get_by_text("Only maintainers and admins can change this.")).to_be_visible()
    for part in ("Secrets", "Members"):
        expect(page.get_by_role("link", name=part, exact=True)).to_have_count(0)
