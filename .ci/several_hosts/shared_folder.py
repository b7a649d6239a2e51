"""Serves the folders of a host to others, for `sshfs -o directport`: `shared_folder.py ADDRESS PORT SERVER`.

There is no encryption and no login, and so no keys: only the hosts of the test reach the address.
"""

import socket
import subprocess
import sys

address, port, server = sys.argv[1:]
listener = socket.create_server((address, int(port)))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    # Otherwise small answers wait for more to send.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    subprocess.Popen([server], stdin=connection, stdout=connection)
    connection.close()
