"""Memory in a known state before a run.

A page that was used a moment ago is cheap to use again. Many virtual machines give free pages back
to their host (free page reporting: some of them each two seconds); their next use costs a fault in
the host, ten times what copying to them costs. So a run is measured in a state that is brought
about here, warm or cold, and never in the state that the run before it happened to leave.
"""
import subprocess
import tempfile
import time

COLD = 8.0  # seconds after which what is free is the host's


class Memory:
    def __init__(self, tool):
        self.tool, self.freed = tool, time.monotonic()

    def note_freed(self):
        """Something large has just been freed."""
        self.freed = time.monotonic()

    def warm(self, pieces):
        """Free pages for twice these writes that were just in use; holds for more than a second."""
        with tempfile.TemporaryDirectory(prefix="kdeck-bench-") as folder:
            subprocess.run([self.tool, "warm", folder], check=True, input=pieces,
                           stdout=subprocess.DEVNULL)
        self.note_freed()

    def cold(self):
        """Whatever is free has been free for long."""
        time.sleep(max(0, self.freed + COLD - time.monotonic()))
