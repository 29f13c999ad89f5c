"""The end of a prompt that names its images' files."""

from pathlib import Path

from muster.protocol.frames import Author, ImageFile, Repo, RunStage
from muster.worker.attempts.images import image_path, with_image_paths

DIRECTORY = Path("/w/images/7-1")


def order(*images: ImageFile, fresh_text: str | None = None) -> RunStage:
    return RunStage(
        task_id=7,
        attempt=1,
        stage_index=0,
        stage_name="develop",
        kind="agent",
        text="Align it.",
        variables={},
        agent="claude",
        timeout=60,
        repo=Repo("https://git.example.org/x.git", "main", "muster/7-1"),
        project="shop",
        author=Author("Ada", "ada@example.org"),
        fresh_text=fresh_text,
        images=[*images],
    )


def image(number: int, media_type: str = "image/png", **more: bool) -> ImageFile:
    digest = "0" * 64
    return ImageFile(number, f"{number} é.png", media_type, 9, digest, 640, 480, **more)


def test_a_prompt_names_its_own_images_before_earlier_ones() -> None:
    made = with_image_paths(order(image(5), image(3, earlier=True)), DIRECTORY)
    assert made.text == (
        "Align it.\n\n"
        "Attached images, as files that you can open:\n"
        "- /w/images/7-1/5.png (“5 é.png”, 640 by 480 pixels)\n\n"
        "Images attached earlier, as files that you can open:\n"
        "- /w/images/7-1/3.png (“3 é.png”, 640 by 480 pixels)"
    )


def test_so_does_the_text_for_an_agent_without_a_session() -> None:
    made = with_image_paths(order(image(5), fresh_text="Since then. Align it."), DIRECTORY)
    assert made.fresh_text is not None
    assert made.fresh_text.startswith("Since then. Align it.\n\nAttached images")
    assert with_image_paths(order(image(5)), DIRECTORY).fresh_text is None


def test_a_file_is_never_named_by_the_name_that_someone_gave_it() -> None:
    other = ImageFile(5, "../../x; rm -rf", "image/../../x", 9, "0" * 64)
    assert image_path(DIRECTORY, other) == DIRECTORY / "5.bin"
    names = [image_path(DIRECTORY, image(5, kind)).name for kind in ("image/jpeg", "image/webp")]
    assert names == ["5.jpg", "5.webp"]
