"""Where the focus is, and how it gets there by the keyboard."""

from playwright.sync_api import Page


def tab_to(page: Page, name: str, steps: int = 40) -> None:
    """Press Tab until the element of this accessible name has the focus."""
    for _step in range(steps):
        page.keyboard.press("Tab")
        if name in focused(page):
            return
    raise AssertionError(f"{steps} times Tab, and never at {name!r}")


def focused(page: Page) -> str:
    """What a screen reader would say of the element that has the focus."""
    label: str = page.evaluate(
        """() => {
          const element = document.activeElement;
          const labels = [...(element.labels ?? [])].map((label) => label.textContent);
          return [element.ariaLabel, ...labels, element.textContent].find((text) => text?.trim())?.trim() ?? "";
        }"""
    )
    return label
