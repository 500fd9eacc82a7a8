"""The browser pages: watch jobs work, review their plans, render again."""
