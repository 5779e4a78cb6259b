"""The machine's shape in words: nothing that names a machine, a person or a folder."""
import glob
import os
import platform
import shlex
import subprocess
import tempfile
import time

from kdecktest import BUILD

REPORTING = 5  # bit of virtio_balloon's features: free pages are given back to the host


def makefile(name):
    """A variable of the build; "" where there is none."""
    try:
        with open(os.path.join(BUILD, "Makefile")) as f:
            for line in f:
                if line.startswith(name + " ="):
                    return line.split("=", 1)[1].strip()
    except OSError:
        pass
    return ""


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True).stdout.decode().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def proc_value(path, key):
    with open(path) as f:
        for line in f:
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return "unknown"


def busy_share(seconds=1.0):
    """What others use of the processors, in percent: figures of a busy machine say less."""
    def read():
        with open("/proc/stat") as f:
            v = [int(x) for x in f.readline().split()[1:9]]
        return sum(v), v[3] + v[4]
    all0, idle0 = read()
    time.sleep(seconds)
    all1, idle1 = read()
    return 100 * (1 - (idle1 - idle0) / max(1, all1 - all0))


def file_system(folder):
    """The name the system mounted it by: statfs cannot tell ext4 from ext2."""
    best, name = "", "unknown"
    with open("/proc/self/mounts") as f:
        for line in f:
            at, kind = line.split()[1:3]
            if (folder + "/").startswith(at.rstrip("/") + "/") and len(at) >= len(best):
                best, name = at, kind
    return name


def gives_memory_back():
    for path in glob.glob("/sys/bus/virtio/drivers/virtio_balloon/virtio*/features"):
        with open(path) as f:
            if f.read()[REPORTING:REPORTING + 1] == "1":
                return True
    return False


def shape(busy):
    memory = int(proc_value("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    flags = [f for f in shlex.split(makefile("CFLAGS") + " " + makefile("SAN_CFLAGS"))
             if "/" not in f]
    cc = shlex.split(makefile("CC")) or ["cc"]
    guest = "hypervisor" in proc_value("/proc/cpuinfo", "flags").split()
    lines = [
        "machine    %d cores (%s), %.0f GB, Linux %s, files on %s" % (
            os.cpu_count(), proc_value("/proc/cpuinfo", "model name"), memory,
            platform.release(), file_system(os.path.realpath(tempfile.gettempdir()))),
    ]
    if guest:
        lines.append("           a virtual machine" + (
            ", which gives free memory back to its host" if gives_memory_back() else ""))
    lines += [
        "compiler   %s, %s" % (first_line(cc + ["--version"]), " ".join(flags)),
        "load       others used %.0f %% of the processors before the first round" % busy,
    ]
    return lines
