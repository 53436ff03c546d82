"""May everybody on this computer read a file that holds a secret?"""

import stat
from pathlib import Path


def all_may_read(path: Path) -> bool:
    """Of the file itself, wherever links lead: Kubernetes and Docker hand secrets over as links. Raises OSError."""
    return bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
