"""REST framework's tokens with the keyword `Bearer`."""

from rest_framework.authentication import TokenAuthentication


class Bearer(TokenAuthentication):
    """Authentication by `Authorization: Bearer …`."""

    keyword = "Bearer"
