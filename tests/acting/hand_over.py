"""What the stand-in for actions/upload-artifact does: zip one file and post it to the test."""

import io
import os
import sys
import zipfile
from pathlib import Path
from urllib.request import Request, urlopen

name, path = sys.argv[1], Path(sys.argv[2])
content = io.BytesIO()
with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write(path, path.name)
url = f"{os.environ['ACTING_ARTIFACTS']}/{os.environ['GITHUB_RUN_ID']}/{name}"
urlopen(Request(url, data=content.getvalue(), method="POST")).close()  # noqa: S310 - the test's own address
