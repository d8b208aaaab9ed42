"""The shapes that come in and go out, a file per noun; no rule lives here."""
