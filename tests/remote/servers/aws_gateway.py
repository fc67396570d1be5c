"""What stands in front of SageMaker: recomputes each signature with botocore and passes on what is signed
well. PORT and the port to pass on to."""

import http.client
import http.server
import os
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION, SERVICE = "eu-west-1", "sagemaker"
CREDENTIALS = Credentials(
    os.environ["AWS_ACCESS_KEY_ID"],
    os.environ["AWS_SECRET_ACCESS_KEY"],
    os.environ.get("AWS_SESSION_TOKEN"),
)


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, "text/plain", b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        problem = self.problem(body)
        if problem:
            self.answer(403, "application/json", problem.encode())
            return
        upstream = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]))
        upstream.request("POST", "/invocations", body, {"Content-Type": self.headers["Content-Type"]})
        response = upstream.getresponse()
        self.answer(response.status, response.headers["Content-Type"], response.read())

    def problem(self, body):
        authorization = self.headers.get("Authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            return "it is not signed"
        said = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
        date = self.headers["X-Amz-Date"]
        scope = f"{CREDENTIALS.access_key}/{date[:8]}/{REGION}/{SERVICE}/aws4_request"
        if said["Credential"] != scope:
            return "it is signed for something else"
        if self.headers.get("X-Amz-Security-Token") != CREDENTIALS.token:
            return "it has another token"
        signed = said["SignedHeaders"].split(";")
        if not {"host", "content-type", "x-amz-date"} <= set(signed):
            return "it leaves out what has to be signed"
        headers = {name: self.headers[name] for name in signed}
        url = f"http://{self.headers['Host']}{self.path}"
        request = AWSRequest("POST", url, headers, body)
        request.context["timestamp"] = date
        auth = SigV4Auth(CREDENTIALS, SERVICE, REGION)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return None if auth.signature(text, request) == said["Signature"] else "the signature is wrong"

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
