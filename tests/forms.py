"""Pages as a browser asks for them, and forms as it sends them."""

import re
import urllib.error
import urllib.request


def get(url, cookies, path):
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with urllib.request.urlopen(urllib.request.Request(url + path, headers={"Cookie": cookie})) as answer:
        return answer.read()


def post(url, cookies, path, page, fields, file=None):
    """Send a form of `page`; return status and text."""
    form = re.search(rb'name="form" value="([^"]+)"', get(url, cookies, page))[1].decode()
    mark = "mark"
    body = b"".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {"form": form, **fields}.items()
    )
    if file:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="attachment"; filename="{file[0]}"\r\n\r\n'
        body += head.encode() + file[1] + b"\r\n"
    body += f"--{mark}--\r\n".encode()
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": f"multipart/form-data; boundary={mark}",
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, body, headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def words(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
