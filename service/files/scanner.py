"""A scanner asks clamd whether a file holds a known virus."""

from dataclasses import dataclass
from io import BytesIO

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket

from service.files.refused_file import RefusedFile

PATIENCE = 30
"""Seconds to wait for an answer of clamd."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd at `host:port`, or at the path of its socket."""

    address: str

    def scan(self, content: bytes) -> str:
        """Return the name and version of the scanner that found nothing.

        Raises RefusedFile: file_infected, and file_not_scanned when clamd does not answer or does not take the file.
        """
        client = self._client()
        try:
            version = client.version()
            answers = client.instream(BytesIO(content))
        except (ClamdError, OSError, ValueError):
            # clamav-client 0.7.2 leaves a socket open that could not be connected.
            client.clamd_socket.close()
            raise RefusedFile("file_not_scanned") from None
        status, found = answers.get("stream", ("ERROR", None))
        if status == "FOUND":
            raise RefusedFile("file_infected", {"found": str(found)})
        if status != "OK":
            raise RefusedFile("file_not_scanned")
        return version.strip()

    def _client(self) -> ClamdNetworkSocket | ClamdUnixSocket:
        host, _, port = self.address.rpartition(":")
        if host:
            return ClamdNetworkSocket(host, int(port), PATIENCE)
        return ClamdUnixSocket(self.address, PATIENCE)
