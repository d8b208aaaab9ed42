"""Guards shared by programmes, a file per noun; each says None, or the Reason why not."""
