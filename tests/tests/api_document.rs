//! The document of the admin API is valid OpenAPI 3.1, as openapi-spec-validator reads it.

use std::path::Path;
use std::process::Command;

use tests::{Daemon, skip_without};

#[test]
fn the_document_is_valid_openapi() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python");
    let has = Command::new(&python).args(["-c", "import openapi_spec_validator"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        return skip_without("openapi-spec-validator");
    }
    let daemon = Daemon::start("", "");
    let socket = daemon.folder().join("state/admin.sock");
    let output = Command::new(python).arg("-c").arg(VALIDATE).arg(socket).output().expect("Python");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.starts_with("3.1"), "{out}\n{err}");
}

const VALIDATE: &str = "
import http.client, json, socket, sys
from openapi_spec_validator import OpenAPIV31SpecValidator

class Local(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])

client = Local('usher')
client.request('GET', '/openapi.json')
document = json.load(client.getresponse())
OpenAPIV31SpecValidator(document).validate()
print(document['openapi'])
";
