"""REST framework's own tokens, under the name the driver calls them by."""

from rest_framework.authentication import TokenAuthentication


class Bearer(TokenAuthentication):
    """`Authorization: Bearer …`."""

    keyword = "Bearer"
